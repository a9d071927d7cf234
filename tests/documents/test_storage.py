"""The private store: whole files under the name of their content, whoever else writes and whatever fails."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages

from documents import store as store_module
from documents.storage import PrivateFileSystemStorage
from documents.store import InspectedFile, StoredFile, name_for, store, store_files
from tests.worlds import pdf

NAME = "ab/abcd.pdf"


@pytest.fixture
def storage(tmp_path: Path) -> PrivateFileSystemStorage:
    return PrivateFileSystemStorage(tmp_path / "store")


@pytest.fixture
def in_settings(storage: PrivateFileSystemStorage, monkeypatch: pytest.MonkeyPatch) -> PrivateFileSystemStorage:
    monkeypatch.setattr(store_module, "documents_storage", lambda: storage)
    return storage


def files(storage: PrivateFileSystemStorage) -> list[str]:
    root = Path(storage.location)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_file_is_kept_under_its_name_for_us_only(storage: PrivateFileSystemStorage) -> None:
    old = os.umask(0)
    try:
        assert storage.save(NAME, ContentFile(b"content")) == NAME
    finally:
        os.umask(old)
    assert files(storage) == [NAME]
    path = Path(storage.path(NAME))
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_nothing_has_a_public_address(storage: PrivateFileSystemStorage) -> None:
    with pytest.raises(ValueError, match="URL"):
        storage.url(NAME)


def test_the_same_name_twice_is_one_file(storage: PrivateFileSystemStorage) -> None:
    assert {storage.save(NAME, ContentFile(b"content")) for _again in range(3)} == {NAME}
    assert files(storage) == [NAME]


def test_a_file_of_another_size_is_written_again(storage: PrivateFileSystemStorage) -> None:
    Path(storage.path(NAME)).parent.mkdir(parents=True)
    Path(storage.path(NAME)).write_bytes(b"cont")
    storage.save(NAME, ContentFile(b"content"))
    assert Path(storage.path(NAME)).read_bytes() == b"content"


def test_many_writers_of_one_name(storage: PrivateFileSystemStorage) -> None:
    content = os.urandom(300_000)
    gate = threading.Barrier(8)
    names = []

    def write() -> None:
        gate.wait()
        names.append(storage.save(NAME, ContentFile(content)))

    threads = [threading.Thread(target=write) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == [NAME] * 8
    assert files(storage) == [NAME]
    assert Path(storage.path(NAME)).read_bytes() == content


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_full_disk_is_an_error_and_leaves_nothing(
    storage: PrivateFileSystemStorage, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"):
        storage.save(NAME, ContentFile(b"content"))
    monkeypatch.setattr(os, "sync", full)  # many files are synced together
    with pytest.raises(OSError, match="No space left"):
        storage.save_all([("cd/1.pdf", b"1"), ("ef/2.pdf", b"2")])
    monkeypatch.undo()
    assert files(storage) == []


ON_A_SMALL_DISK = """
import os, sys
from pathlib import Path
from django.conf import settings
settings.configure()
from django.core.files.base import ContentFile
from documents.storage import PrivateFileSystemStorage
storage = PrivateFileSystemStorage(sys.argv[1])
storage.save("ab/kept.pdf", ContentFile(b"1" * 20_000))
for big in (lambda: storage.save("cd/big.pdf", ContentFile(b"2" * 100_000)),
            lambda: storage.save_all([("ef/1.pdf", b"3" * 4_000), ("ef/2.pdf", b"4" * 100_000)])):
    try:
        big()
    except OSError as error:
        print(error.errno)
print(*sorted(f"{path.name}:{path.stat().st_size}" for path in Path(sys.argv[1]).rglob("*") if path.is_file()))
storage.save("gh/small.pdf", ContentFile(b"5" * 20_000))
print(len((Path(sys.argv[1]) / "gh/small.pdf").read_bytes()))
"""


def test_a_really_full_disk(tmp_path: Path) -> None:
    """A file system of 64 kB, mounted for one process: what does not fit leaves nothing, and its room is given back."""
    script = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    command += ["sh", str(tmp_path), sys.executable, ON_A_SMALL_DISK]
    if shutil.which("unshare") is None or subprocess.run([*command[:4], "true"], check=False).returncode:
        pytest.skip("this machine lets nobody mount a file system of their own")
    run = subprocess.run(command, cwd=project.BASE_DIR, capture_output=True, text=True, check=False)
    assert run.stdout.split() == [str(errno.ENOSPC)] * 2 + ["kept.pdf:20000", "20000"], run.stderr


def test_a_path_out_of_the_store(storage: PrivateFileSystemStorage) -> None:
    for name in ("../x.pdf", "/etc/x.pdf"):
        with pytest.raises(Exception, match=r"path|Suspicious|traversal|outside"):
            storage.save(name, ContentFile(b"x"))


def test_many_files_at_once(storage: PrivateFileSystemStorage) -> None:
    storage.save("aa/0.pdf", ContentFile(b"there already"))
    storage.save_all([("aa/0.pdf", b"there already"), ("aa/1.pdf", b"1"), ("bb/2.pdf", b"2"), ("aa/1.pdf", b"1")])
    assert files(storage) == ["aa/0.pdf", "aa/1.pdf", "bb/2.pdf"]
    assert Path(storage.path("bb/2.pdf")).read_bytes() == b"2"


def test_one_bad_file_among_many_leaves_nothing_half_written(storage: PrivateFileSystemStorage) -> None:
    with pytest.raises(TypeError):
        storage.save_all([("aa/1.pdf", b"1"), ("aa/2.pdf", "text")])  # type: ignore[list-item]
    assert files(storage) == []


def test_storing_names_the_file_after_its_content(in_settings: PrivateFileSystemStorage) -> None:
    content = pdf("x")
    sha256 = hashlib.sha256(content).hexdigest()
    assert store(content) == StoredFile(f"{sha256[:2]}/{sha256}.pdf", sha256, len(content))
    assert store(content).name == name_for(sha256)
    assert files(in_settings) == [name_for(sha256)]


def test_storing_many(in_settings: PrivateFileSystemStorage, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.pdf" for number in range(5)]
    for path in paths:
        path.write_bytes(pdf(path.name))
    inspected = [InspectedFile(str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]
    paths[2].write_bytes(pdf("something else"))
    paths[3].unlink()
    kept = store_files(inspected)
    assert set(kept) == {str(paths[number]) for number in (0, 1, 4)}
    assert files(in_settings) == sorted(stored.name for stored in kept.values())


def test_any_other_storage_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = FileSystemStorage(tmp_path / "other")
    monkeypatch.setattr(store_module, "documents_storage", lambda: other)
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf("x"))
    stored = store(pdf("x"))
    assert store_files([InspectedFile(str(path), stored.sha256)]) == {str(path): stored}
    with other.open(stored.name) as file:
        assert file.read() == pdf("x")
    path.write_bytes(pdf("something else"))
    assert store_files([InspectedFile(str(path), stored.sha256)]) == {}, "it changed since it was inspected"


def test_it_can_be_set_as_the_store_of_documents(settings: object, tmp_path: Path) -> None:
    options = {"location": tmp_path / "set", "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    settings.STORAGES = {  # type: ignore[attr-defined]
        "documents": {"BACKEND": "documents.storage.PrivateFileSystemStorage", "OPTIONS": options}
    }
    stored = store(pdf("x"))
    assert isinstance(storages["documents"], PrivateFileSystemStorage)
    assert stat.S_IMODE((tmp_path / "set" / stored.name).stat().st_mode) == 0o600
