"""The command that makes the secrets of an installation."""

import stat

from cryptography.hazmat.primitives import serialization

from deploy.secrets import make


def test_what_is_there_stays(tmp_path):
    make(tmp_path)
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    make(tmp_path)
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_password_that_is_removed_is_renewed_wherever_it_stands(tmp_path):
    make(tmp_path)
    old = (tmp_path / "mongo-users/sales").read_text()
    (tmp_path / "mongo-users/sales").unlink()
    make(tmp_path)
    new = (tmp_path / "mongo-users/sales").read_text()
    assert new != old
    assert f"sales:{new}@" in (tmp_path / "sales/mongo-url").read_text()


def test_the_public_key_is_that_of_the_private_one(tmp_path):
    make(tmp_path)
    private = serialization.load_pem_private_key((tmp_path / "principal-private/private.pem").read_bytes(), None)
    public = serialization.load_pem_public_key((tmp_path / "principal-public/public.pem").read_bytes())
    assert private.public_key() == public


def test_only_the_owner_enters_the_folder_and_containers_read_what_is_mounted(tmp_path):
    make(tmp_path / "all")
    assert stat.S_IMODE((tmp_path / "all").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "all").rglob("*") if path.is_file()} == {0o444}
