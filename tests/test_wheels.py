"""tools/wheel_file.py: tags, records, the bill of materials, the same bytes for one content."""

import io
import json
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import try_wheels  # noqa: E402
import wheel_file  # noqa: E402
import wheels  # noqa: E402
from wheel_file import Part, Target  # noqa: E402

INFO = "rushlight-1.2.dist-info"
PURE = {
    "rushlight/__init__.py": b"__version__ = '1.2'\n",
    "rushlight/a,b.txt": b"",
    f"{INFO}/METADATA": b"Name: rushlight\nVersion: 1.2\n",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n",
}
ARM = Target(14, True, "aarch64", (2, 28))
TIME = 1_700_000_001  # 2023-11-14 22:13:21


def finished(files, tag, seconds=TIME):
    return wheel_file.write(wheel_file.with_bill(files, wheel_file.DATA, tag), seconds)


def test_names_of_a_target():
    assert ARM.tag == "cp314-cp314t-manylinux_2_28_aarch64"
    assert ARM.extension == "rushlight/_native.cpython-314t-aarch64-linux-gnu.so"
    plain = Target(11, False, "x86_64", (2, 17))
    assert plain.tag == "cp311-cp311-manylinux_2_17_x86_64"
    assert plain.extension == "rushlight/_native.cpython-311-x86_64-linux-gnu.so"
    assert wheel_file.name(PURE, plain.tag) == f"rushlight-1.2-{plain.tag}.whl"


def test_a_native_wheel_is_the_pure_one_and_an_extension():
    files = wheel_file.native(PURE, ARM, b"ELF")
    assert files.keys() - PURE.keys() == {ARM.extension} and files[ARM.extension] == b"ELF"
    assert [n for n in PURE if files[n] != PURE[n]] == [f"{INFO}/WHEEL"]
    assert files[f"{INFO}/WHEEL"].decode().splitlines() == [
        "Wheel-Version: 1.0",
        "Generator: rushlight tools/wheels.py",
        "Root-Is-Purelib: false",
        f"Tag: {ARM.tag}",
    ]
    with pytest.raises(ValueError, match="has an extension already"):
        wheel_file.native(files, ARM, b"ELF")


def test_two_writings_give_the_same_bytes():
    tag = ARM.tag
    files = wheel_file.native(PURE, ARM, b"ELF")
    one = finished(files, tag)
    assert finished(dict(reversed(files.items())), tag) == one
    assert finished(files, tag, TIME + 2) != one
    assert wheel_file.read(one).keys() == {*files, f"{INFO}/sboms/rushlight.cdx.json"}
    with zipfile.ZipFile(io.BytesIO(one)) as z:
        entries = z.infolist()
    assert {e.date_time for e in entries} == {(2023, 11, 14, 22, 13, 20)}  # zip counts in twos
    assert [oct(e.external_attr >> 16) for e in entries if e.filename == ARM.extension] == [
        "0o100755"
    ]
    assert {oct(e.external_attr >> 16) for e in entries if not e.filename.endswith(".so")} == {
        "0o100644"
    }
    names = [e.filename for e in entries]
    assert names[-1] == f"{INFO}/RECORD" and names == sorted(
        names, key=lambda n: (n.startswith(INFO), n.endswith("RECORD"), n)
    )


def test_an_archive_with_another_deflater_holds_the_same():
    files = {**PURE, "rushlight/long.txt": bytes(range(256)) * 300}
    stored = wheel_file.write(files, TIME, lambda data: zlib.compress(data, 0)[2:-4])
    packed = wheel_file.write(files, TIME)
    assert len(packed) < len(stored) - 70_000
    assert wheel_file.read(packed) == wheel_file.read(stored) == files
    with zipfile.ZipFile(io.BytesIO(stored)) as z:
        assert z.testzip() is None
        assert {(e.create_system, e.compress_type) for e in z.infolist()} == {
            (3, zipfile.ZIP_DEFLATED)
        }


def test_the_record_is_that_of_pep_376():
    with zipfile.ZipFile(io.BytesIO(finished(PURE, "py3-none-any"))) as z:
        rows = z.read(f"{INFO}/RECORD").decode().splitlines()
    assert (
        '"rushlight/a,b.txt",sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0' in rows
    )  # the hash of nothing
    assert rows[-1] == f"{INFO}/RECORD,,"


def changed(data, path, content):
    files = {}
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        files = {n: z.read(n) for n in z.namelist()}
    files[path] = content
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for n, d in files.items():
            z.writestr(n, d)
    return out.getvalue()


def test_what_is_wrong_with_a_wheel_is_named():
    tag = ARM.tag
    native = finished(wheel_file.native(PURE, ARM, b"ELF"), tag)
    name = f"rushlight-1.2-{tag}.whl"
    pure = finished(wheel_file.tagged(PURE, "py3-none-any", purelib=True), "py3-none-any")
    assert wheel_file.complaints(native, name) == []
    assert wheel_file.complaints(pure, "rushlight-1.2-py3-none-any.whl") == []

    (text,) = wheel_file.complaints(native, name.replace("2_28", "2_17"))
    assert "manylinux_2_28" in text and "manylinux_2_17" in text
    text, _ = wheel_file.complaints(pure, name)
    assert "py3-none-any" in text
    assert wheel_file.complaints(changed(native, "rushlight/__init__.py", b""), name) == [
        "RECORD has another rushlight/__init__.py"
    ]
    assert wheel_file.complaints(changed(native, "rushlight/new.py", b""), name) == [
        "RECORD and archive differ in ['rushlight/new.py']"
    ]
    bare = wheel_file.write(wheel_file.native(PURE, ARM, b"ELF"), TIME)
    assert wheel_file.complaints(bare, name) == ["no bill of materials"]
    two = wheel_file.native(PURE, ARM, b"ELF") | {"rushlight/_native.so": b"ELF"}
    (text,) = wheel_file.complaints(finished(two, tag), name)
    assert "_native.so" in text


def test_the_bill_names_what_is_inside():
    versions = {"python": "3.14.1", "numpy": "2.9", "gcc": "12.2", "zig": "0.17", "glibc": "2.28"}
    parts = wheel_file.DATA + wheel_file.compiled_in(versions)
    files = wheel_file.with_bill(wheel_file.native(PURE, ARM, b"ELF"), parts, ARM.tag)
    bill = json.loads(files[f"{INFO}/sboms/rushlight.cdx.json"])
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    about = bill["metadata"]["component"]
    assert (about["name"], about["version"]) == ("rushlight", "1.2")
    assert about["purl"] == about["bom-ref"] == "pkg:pypi/rushlight@1.2"
    assert about["properties"] == [{"name": "rushlight:wheel", "value": ARM.tag}]
    inside = {c["name"]: c["version"] for c in bill["components"]}
    assert inside == {
        "Optical Recognition of Handwritten Digits": "1998",
        "compiler-rt": "0.17",
        "cpython": "3.14.1",
        "glibc": "2.28",
        "libgcc": "12.2",
        "libstdc++": "12.2",
        "numpy": "2.9",
    }
    (numpy,) = [c for c in bill["components"] if c["name"] == "numpy"]
    assert numpy["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert numpy["purl"] == "pkg:pypi/numpy@2.9"
    # every reference is one of the components or the package, as CycloneDX demands
    known = {about["bom-ref"], *(c["bom-ref"] for c in bill["components"])}
    assert len(known) == 1 + len(parts)
    assert {d["ref"] for d in bill["dependencies"]} == known
    assert set(bill["dependencies"][0]["dependsOn"]) == known - {about["bom-ref"]}
    # no time and no chance in it, another number for another content
    numbers = set()
    for content in (b"ELF", b"ELF", b"other"):
        files = wheel_file.with_bill(wheel_file.native(PURE, ARM, content), parts, ARM.tag)
        numbers.add(json.loads(files[f"{INFO}/sboms/rushlight.cdx.json"])["serialNumber"])
    assert len(numbers) == 2


def test_the_data_of_the_bill_are_those_of_notice():
    (digits,) = wheel_file.DATA
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert digits.name in notice and "CC BY 4.0" in notice and digits.license == "CC-BY-4.0"
    data = sorted(p.name for p in (ROOT / "src/rushlight").rglob("*.npz"))
    assert data == ["digits.npz"] and data[0] in digits.how  # another file needs another part
    assert isinstance(digits, Part)


def test_the_tools_know_the_same_pythons():
    assert wheels.PYTHONS == try_wheels.PYTHONS
