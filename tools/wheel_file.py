"""A wheel as a file: tags, records, the bill of materials, the same bytes for the same content.

Used by tools/wheels.py. A wheel here is a dict of its files, path -> bytes. What is written depends
on the dict, on the time given and on the deflater, on nothing else of the machine.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import struct
import time
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

Files = dict[str, bytes]

EXTENSION = "rushlight/_native"


@dataclass(frozen=True)
class Target:
    """One kind of wheel: a Python's version, whether it is free-threaded, a processor."""

    minor: int  # of 3.minor
    free_threaded: bool
    arch: str  # x86_64, aarch64
    glibc: tuple[int, int]  # the oldest it runs on

    @property
    def tag(self) -> str:
        """cp314-cp314t-manylinux_2_28_x86_64"""
        python = f"cp3{self.minor}"
        abi = python + "t" * self.free_threaded
        return f"{python}-{abi}-manylinux_{self.glibc[0]}_{self.glibc[1]}_{self.arch}"

    @property
    def soabi(self) -> str:
        """cpython-314t-x86_64-linux-gnu, as sysconfig's SOABI there"""
        return f"cpython-3{self.minor}{'t' * self.free_threaded}-{self.arch}-linux-gnu"

    @property
    def extension(self) -> str:
        return f"{EXTENSION}.{self.soabi}.so"


def read(data: bytes) -> Files:
    """The files of a wheel, without its RECORD."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        files = {n: z.read(n) for n in z.namelist() if not n.endswith("/")}
    del files[f"{info(files)}/RECORD"]
    return files


def info(files: Files) -> str:
    """The folder rushlight-X.Y.Z.dist-info"""
    found = {n.split("/")[0] for n in files if re.match(r"[^/]+\.dist-info/", n)}
    if len(found) != 1:
        raise ValueError(f"a wheel has one .dist-info folder, this one {sorted(found)}")
    return found.pop()


def name(files: Files, tag: str) -> str:
    """rushlight-X.Y.Z-TAG.whl"""
    return f"{info(files).removesuffix('.dist-info')}-{tag}.whl"


def native(pure: Files, target: Target, extension: bytes) -> Files:
    """The pure wheel's files with the extension, and the tag that goes with it."""
    if any(n.startswith(EXTENSION) for n in pure):
        raise ValueError("the pure wheel has an extension already")
    files = {**pure, target.extension: extension}
    return tagged(files, target.tag, purelib=False)


def tagged(files: Files, tag: str, *, purelib: bool) -> Files:
    """With a WHEEL file that says tag."""
    lines = ["Wheel-Version: 1.0", "Generator: rushlight tools/wheels.py"]
    lines += [f"Root-Is-Purelib: {str(purelib).lower()}", f"Tag: {tag}"]
    return {**files, f"{info(files)}/WHEEL": "".join(f"{x}\n" for x in lines).encode()}


def deflated(data: bytes) -> bytes:
    """A stream of zlib's, as an archive holds it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def write(files: Files, seconds: int, deflate: Callable[[bytes], bytes] = deflated) -> bytes:
    """The archive: sorted, .dist-info and RECORD last, each file of one time and one mode."""
    folder = info(files)
    record = f"{folder}/RECORD"
    order = sorted(files, key=lambda n: (n.startswith(folder), n))
    rows = [f"{_field(n)},sha256={_digest(files[n])},{len(files[n])}" for n in order]
    rows.append(f"{record},,")
    files = {**files, record: "".join(f"{r}\n" for r in rows).encode()}
    return _archive({n: files[n] for n in [*order, record]}, seconds, deflate)


def _archive(files: Files, seconds: int, deflate: Callable[[bytes], bytes]) -> bytes:
    """A zip file by hand: zipfile takes no deflater but zlib. (APPNOTE.TXT of PKWARE, 4.3)"""
    year, month, day, hour, minute, second = time.gmtime(max(seconds, 315_532_800))[:6]  # from 1980
    clock, date = hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day
    out, directory = bytearray(), bytearray()
    for path, data in files.items():
        name, packed = path.encode("ascii"), deflate(data)
        both = struct.pack(
            "<5H3L2H",
            *(20, 0, zipfile.ZIP_DEFLATED, clock, date),
            *(zlib.crc32(data), len(packed), len(data), len(name), 0),
        )
        mode = 0o100755 if path.endswith(".so") else 0o100644
        unix = struct.pack("<H", 3 << 8 | 20)  # whose modes count
        directory += (
            b"PK\1\2" + unix + both + struct.pack("<3H2L", 0, 0, 0, mode << 16, len(out)) + name
        )
        out += b"PK\3\4" + both + name + packed
    size = struct.pack("<4H2LH", 0, 0, len(files), len(files), len(directory), len(out), 0)
    return bytes(out + directory + b"PK\5\6" + size)


def _field(path: str) -> str:
    return f'"{path}"' if "," in path else path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def complaints(data: bytes, filename: str) -> list[str]:
    """What is wrong with a wheel's own accounts: RECORD against files, WHEEL against its name."""
    wrong = []
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        files = {n: z.read(n) for n in z.namelist()}
    folder = info(files)
    rows = [r.rsplit(",", 2) for r in files[f"{folder}/RECORD"].decode().splitlines()]
    recorded = {path.strip('"'): (digest, size) for path, digest, size in rows}
    if recorded.keys() != files.keys():
        wrong.append(f"RECORD and archive differ in {sorted(recorded.keys() ^ files.keys())}")
    for path, (digest, size) in recorded.items():
        if digest and (f"sha256={_digest(files[path])}", str(len(files[path]))) != (digest, size):
            wrong.append(f"RECORD has another {path}")
    head = files[f"{folder}/WHEEL"].decode()
    tags = re.findall(r"^Tag: (.+)$", head, re.M)
    if [name(files, t) for t in tags] != [filename]:
        wrong.append(f"WHEEL says {tags}, the name {filename}")
    extensions = [n for n in files if n.startswith(EXTENSION)]
    wanted = 0 if filename.endswith("-py3-none-any.whl") else 1
    pure = re.findall(r"^Root-Is-Purelib: (\w+)$", head, re.M) == ["true"]
    if len(extensions) != wanted or pure == bool(wanted):
        wrong.append(f"{extensions or 'no extension'} in {filename}, Root-Is-Purelib: {pure}")
    if not any(n.startswith(f"{folder}/sboms/") for n in files):
        wrong.append("no bill of materials")
    return wrong


@dataclass(frozen=True)
class Part:
    """Something of others that is in the wheel."""

    name: str
    version: str
    license: str  # an SPDX expression
    how: str  # in which form it is in there
    purl: str = ""


#: what the package itself carries, the extension apart
DATA = (
    Part(
        "Optical Recognition of Handwritten Digits",
        "1998",
        "CC-BY-4.0",
        "data: the test part, as vision/datasets/digits.npz (doi:10.24432/C50P49)",
    ),
)


def compiled_in(versions: dict[str, str]) -> tuple[Part, ...]:
    """What the extension has in its code, by the versions of what it was built with."""
    python, numpy, gcc, zig = (versions[k] for k in ("python", "numpy", "gcc", "zig"))
    gpl = "GPL-3.0-or-later WITH GCC-exception-3.1"
    return (
        Part("cpython", python, "PSF-2.0", "inline functions of its headers"),
        Part(
            "numpy",
            numpy,
            "BSD-3-Clause",
            "inline functions of its headers, and the table of its C API",
            f"pkg:pypi/numpy@{numpy}",
        ),
        Part("libstdc++", gcc, gpl, "templates and inline functions of its headers"),
        Part("libgcc", gcc, gpl, "linked in: what the compiler calls, the processor's features"),
        Part(
            "glibc",
            versions["glibc"],
            "LGPL-2.1-or-later",
            f"linked in: start files and the few functions of libc_nonshared, from zig {zig}",
        ),
        Part("compiler-rt", zig, "MIT", f"linked in by zig {zig} where libgcc lacks a function"),
    )


def with_bill(files: Files, parts: tuple[Part, ...], tag: str) -> Files:
    """With .dist-info/sboms/rushlight.cdx.json (PEP 770): CycloneDX 1.6 of what is inside.

    NumPy and ml_dtypes as packages are required, not contained: METADATA says so.
    """
    folder = info(files)
    package, version = folder.removesuffix(".dist-info").split("-")
    purl = f"pkg:pypi/{package}@{version}"
    content = hashlib.sha256()
    for path in sorted(files):
        content.update(f"{path} {_digest(files[path])}\n".encode())
    components = [
        {
            "type": "data" if p.how.startswith("data") else "library",
            "bom-ref": f"{p.name}@{p.version}",
            "name": p.name,
            "version": p.version,
            "description": p.how,
            "licenses": [_license(p.license)],
            **({"purl": p.purl} if p.purl else {}),
        }
        for p in sorted(parts, key=lambda p: p.name)
    ]
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content.hexdigest())}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": purl,
                "name": package,
                "version": version,
                "licenses": [_license("Apache-2.0")],
                "purl": purl,
                "properties": [{"name": "rushlight:wheel", "value": tag}],
            },
        },
        "components": components,
        "dependencies": [
            {"ref": purl, "dependsOn": sorted(c["bom-ref"] for c in components)},
            *({"ref": c["bom-ref"]} for c in components),
        ],
    }
    text = json.dumps(bill, indent=2, ensure_ascii=False) + "\n"
    return {**files, f"{folder}/sboms/{package}.cdx.json": text.encode()}


def _license(spdx: str) -> dict:
    return {"expression": spdx} if " " in spdx else {"license": {"id": spdx}}
