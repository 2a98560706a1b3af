"""torch.hub: its folder, downloads with a checked hash, models of a local folder."""

import hashlib

import pytest

import rushlight as torch
from rushlight import hub


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder of downloads."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("rushlight.serialization.hub_folder._chosen", None)
    return tmp_path


@pytest.fixture
def weights(folder):
    """A file of weights, under a name with the start of its hash: (URL, digest)."""
    torch.save({"w": torch.arange(3.0)}, folder / "x.pth")
    digest = hashlib.sha256((folder / "x.pth").read_bytes()).hexdigest()
    path = folder / f"net-{digest[:8]}.pth"
    (folder / "x.pth").rename(path)
    return path.as_uri(), digest


def test_the_folder(folder, monkeypatch):
    assert hub.get_dir() == str(folder / "home" / "hub") and hub._get_torch_home() == str(
        folder / "home"
    )
    hub.set_dir(folder / "other")
    assert hub.get_dir() == str(folder / "other")
    monkeypatch.setattr("rushlight.serialization.hub_folder._chosen", None)
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert hub.get_dir() == "/cache/torch/hub"


def test_download_checks_the_hash_and_leaves_nothing_behind(folder, weights, capsys):
    url, digest = weights
    target = folder / "got" / "x.pth"
    target.parent.mkdir()
    with pytest.raises(RuntimeError, match=r'invalid hash value \(expected "1234", got "'):
        hub.download_url_to_file(url, str(target), "1234", progress=False)
    assert list(target.parent.iterdir()) == []
    hub.download_url_to_file(url, str(target), digest[:6])
    assert torch.load(target)["w"].tolist() == [0.0, 1.0, 2.0]
    assert "100.0%" in capsys.readouterr().err


def test_load_state_dict_from_url_downloads_once(folder, weights, capsys):
    url, digest = weights
    state = hub.load_state_dict_from_url(url, check_hash=True, progress=False)
    cached = folder / "home" / "hub" / "checkpoints" / f"net-{digest[:8]}.pth"
    assert state["w"].tolist() == [0.0, 1.0, 2.0] and cached.exists()
    assert capsys.readouterr().err == f'Downloading: "{url}" to {cached}\n'
    assert torch.utils.model_zoo.load_url(url)["w"].tolist() == [0.0, 1.0, 2.0]
    assert capsys.readouterr().err == ""
    named = hub.load_state_dict_from_url(
        url, model_dir=str(folder / "m"), file_name="n.pth", progress=False
    )
    assert named["w"].tolist() == [0.0, 1.0, 2.0] and (folder / "m" / "n.pth").exists()


def test_a_wrong_hash_in_the_name_is_refused(folder, weights):
    _, digest = weights
    other = folder / "net-00000000.pth"
    other.write_bytes((folder / f"net-{digest[:8]}.pth").read_bytes())
    with pytest.raises(RuntimeError, match='expected "00000000"'):
        hub.load_state_dict_from_url(other.as_uri(), check_hash=True, progress=False)
    assert hub.HASH_REGEX.search("resnet18-f37072fd.pth").group(1) == "f37072fd"


def test_files_are_read_as_data(folder):
    mark = folder / "was-run"
    (folder / "evil.pth").write_bytes(f"cos\nsystem\n(S'touch {mark}'\ntR.".encode())
    with pytest.raises(torch.serialization.LoadError):
        hub.load_state_dict_from_url((folder / "evil.pth").as_uri(), progress=False)
    assert not mark.exists()


def test_local_models(folder):
    (folder / "hubconf.py").write_text(
        'dependencies = ["numpy"]\n'
        "def net(width=1):\n    'A net.'\n    return width * 2\n"
        "def _hidden(): pass\nvalue = 3\n"
    )
    at = str(folder)
    assert hub.load(at, "net", source="local", width=4) == 8
    assert hub.list(at) == ["net"] and hub.help(at, "net") == "A net."
    for model in ("value", "nothing"):
        with pytest.raises(RuntimeError, match=f"Cannot find callable {model} in hubconf"):
            hub.load(at, model, source="local")
    with pytest.raises(ValueError, match="model should be a string of function name"):
        hub.load(at, 3, source="local")
    (folder / "hubconf.py").write_text('dependencies = ["no_such_package"]\n')
    with pytest.raises(RuntimeError, match="Missing dependencies: no_such_package"):
        hub.load(at, "net", source="local")


def test_code_from_the_network_is_never_run():
    with pytest.raises(
        NotImplementedError, match=r"torch\.hub\.load for GitHub: it would run code"
    ):
        hub.load("pytorch/vision", "resnet18")
    with pytest.raises(NotImplementedError, match=r"torch\.hub\.list for GitHub"):
        hub.list("pytorch/vision")
    with pytest.raises(ValueError, match=r'Unknown source: "web"\. Allowed values: "github"'):
        hub.load("a", "b", source="web")
