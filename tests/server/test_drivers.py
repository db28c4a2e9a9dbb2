"""Finding loaders and drivers, and never our own shim among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cenote.errors import NoDriver
from cenote.server import drivers
from cenote.server.drivers import Drivers


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def vendors(folder: Path, **icds: str) -> str:
    folder.mkdir()
    for name, library in icds.items():
        (folder / f"{name}.icd").write_text(f"{library}\n")
    return f"{folder}/"


def test_wheels_bring_a_loader_and_a_driver() -> None:
    assert any("libpocl" in library for library in drivers.find_icds().values())
    found = Drivers.find()
    assert Path(found.environment["CENOTE_OPENCL_LOADER"]).exists()
    found.close()


def test_named_vendors_stand_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCL_ICD_VENDORS", vendors(tmp_path / "v", one="/lib/one.so"))
    found = Drivers.find()
    written = Path(found.environment["OCL_ICD_VENDORS"])
    assert [file.read_text() for file in written.iterdir()] == ["/lib/one.so\n"]
    found.close()
    assert not written.exists()


def test_libraries_beside_their_icd_file_become_absolute(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    vendors(folder, one="libone.so", two="libtwo.so")
    (folder / "libone.so").touch()
    assert drivers.find_icds(folder) == {"one.icd": str(folder / "libone.so"), "two.icd": "libtwo.so"}


def test_a_shell_inside_cenote_run_lends_no_borrowed_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stub_native: Path
) -> None:
    shims = stub_native / "lib"
    monkeypatch.setenv("OCL_ICD_VENDORS", vendors(tmp_path / "v", cenote=str(shims / "libcenote-opencl-icd.so")))
    monkeypatch.setenv("OCL_ICD_FILENAMES", str(shims / "libcenote-opencl-icd.so"))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{shims}:/opt/other")
    monkeypatch.setenv("CENOTE_ALLOCATION_FILE", "/somewhere")
    found = Drivers.find()
    assert "CENOTE_ALLOCATION_FILE" not in found.environment
    assert "OCL_ICD_FILENAMES" not in found.environment
    assert str(shims) not in found.environment["LD_LIBRARY_PATH"].split(":")
    assert "/opt/other" in found.environment["LD_LIBRARY_PATH"].split(":")
    assert str(shims) not in found.environment["CENOTE_OPENCL_LOADER"]
    written = [file.read_text() for file in Path(found.environment["OCL_ICD_VENDORS"]).iterdir()]
    assert written and not any("cenote" in Path(library).name for library in written)
    found.close()


def test_our_own_shim_is_no_driver_and_no_loader(tmp_path: Path, stub_native: Path) -> None:
    shims = stub_native / "lib"
    folder = tmp_path / "v"
    vendors(folder, cenote=str(shims / "libcenote-opencl-icd.so"), real="/lib/real.so")
    assert drivers.find_icds(folder) == {"real.icd": "/lib/real.so"}
    found = drivers.find_loader(str(shims))
    assert found is None or found.parent != shims


def test_a_machine_without_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "find_icds", lambda vendors: {})
    with pytest.raises(NoDriver, match="pip install pocl-binary-distribution"):
        Drivers.find()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'libOpenCL broke' >&2; exit 1", "libOpenCL broke"),
        ("echo '{}'", "not readable"),
        ("echo nonsense", "not readable"),
        ("kill -SEGV $$", "it said nothing"),
    ],
)
def test_workers_that_cannot_list_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    worker = tmp_path / "native" / "bin" / "cenote-worker"
    worker.parent.mkdir(parents=True)
    worker.write_text(f"#!/bin/sh\n{script}\n")
    worker.chmod(0o755)
    monkeypatch.setenv("CENOTE_NATIVE", str(tmp_path / "native"))
    found = Drivers.find()
    with pytest.raises(NoDriver, match=message):
        found.devices()
    found.close()


def test_devices_keep_the_workers_order(stub_native: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENOTE_NATIVE", str(stub_native))
    found = Drivers.find()
    listed = found.devices()
    found.close()
    assert [(device.index, device.type) for device in listed] == [(0, "cpu"), (1, "gpu")]
    assert json.dumps(listed[0].to_json())
