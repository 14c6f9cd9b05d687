"""Model files: deterministic, readable in parts, and refused when they are not what was registered."""

import json
import pickle
import subprocess
import sys
import zipfile
from io import BytesIO

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlopsc.diagnostics.errors import SpecError, StoreError
from mlopsc.runtime.models.archive import load_model_file, read_row_hashes, read_signature, save_model
from mlopsc.runtime.models.strictzip import pack

SIGNATURE = {
    "features": [{"name": "x", "type": "double", "kind": "numeric"}],
    "label": "y",
    "task": "classification",
    "classes": [0, 1],
    "estimator": "sklearn.linear_model.LogisticRegression",
    "params": {"C": 1.0},
}
ROWS = [7, 2**64 - 1, 3]


@pytest.fixture(scope="module")
def model():
    return LogisticRegression().fit(np.arange(10.0).reshape(-1, 1), np.arange(10) > 4)


@pytest.fixture
def saved(model, tmp_path):
    path = tmp_path / "model"
    save_model(path, model, SIGNATURE, ROWS)
    return path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_saved_model_loads_as_it_was(saved, model, tmp_path):
    loaded = load_model_file(saved)
    assert np.array_equal(loaded.estimator.coef_, model.coef_)
    assert loaded.signature == SIGNATURE
    assert (
        save_model(tmp_path / "again", loaded.estimator, loaded.signature, read_row_hashes(saved))
        == loaded.digest
    )
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_signature_and_rows_are_read_without_scikit_learn(saved):
    code = (
        "import sys; from pathlib import Path; from mlopsc.runtime.models.archive import *;"
        "p = Path(sys.argv[1]);"
        "print(read_signature(p)['label'], read_row_hashes(p).tolist(), 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, saved], capture_output=True, text=True)
    assert done.stdout == f"y {sorted(ROWS)} False\n"
    assert read_row_hashes(saved).dtype == np.uint64


def test_another_file_in_its_place_is_refused_by_its_digest(saved, tmp_path):
    good = load_model_file(saved)
    other = LogisticRegression().fit([[0.0], [1.0]], [1, 0])
    save_model(saved, other, SIGNATURE, ROWS)
    with pytest.raises(StoreError, match="is not the one that was registered"):
        load_model_file(saved, digest=good.digest)


def test_every_flipped_byte_is_noticed_by_its_digest_and_most_by_the_format(saved):
    data = saved.read_bytes()
    for place in range(0, len(data), 97):
        saved.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(StoreError):
            load_model_file(saved, digest="sha256:" + "0" * 64)
    saved.write_bytes(data[:-1])
    for read in (load_model_file, read_signature, read_row_hashes):
        with pytest.raises(StoreError, match="not a model"):
            read(saved)


def test_other_formats_are_refused_and_not_run(saved, tmp_path):
    canary = tmp_path / "canary"

    class Bomb:
        def __reduce__(self):
            return open, (str(canary), "w")

    parts = members(saved)
    for content in (
        pickle.dumps(Bomb()),
        b"",
        b'{"model":null}\n',
        pack(parts | {"estimator.skops": pickle.dumps(Bomb())}),
        pack(parts | {"estimator.pkl": pickle.dumps(Bomb())}),
        pack({"estimator.skops": parts["estimator.skops"]}),
        pack(parts | {"signature.json": json.dumps(SIGNATURE | {"format": "pickle"}).encode()}) + b"x",
    ):
        saved.write_bytes(content)
        with pytest.raises(StoreError):
            load_model_file(saved)
    assert not canary.exists()


def test_a_missing_file_is_said(tmp_path):
    for read in (load_model_file, read_signature):
        with pytest.raises(StoreError, match="cannot read the model file"):
            read(tmp_path / "nowhere")


def test_a_signature_is_complete_and_holds_no_nan(model, tmp_path):
    with pytest.raises(SpecError, match="lacks classes, task"):
        save_model(
            tmp_path / "m", model, {k: SIGNATURE[k] for k in ("features", "label", "estimator", "params")}, []
        )
    save_model(tmp_path / "m", model, SIGNATURE | {"params": {"missing_values": float("nan")}}, [])
    assert read_signature(tmp_path / "m")["params"] == {"missing_values": "nan"}
    assert read_row_hashes(tmp_path / "m").tolist() == []


def repack(parts, **options):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in parts:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = options.get("compression", 0)
            archive.writestr(info, data)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "trick", ["bomb", "slip", "absolute", "twice", "prefix", "suffix", "gap", "comment", "date"]
)
def test_no_other_zip_is_read(saved, trick):
    parts = list(members(saved).items())
    match trick:
        case "bomb":
            content = repack(
                [*parts[:2], ("estimator.skops", b"0" * 10**7)], compression=zipfile.ZIP_DEFLATED
            )
        case "slip":
            content = repack([*parts, ("../../outside", b"x")])
        case "absolute":
            content = repack([*parts, ("/outside", b"x")])
        case "twice":
            content = repack([*parts, parts[0]])
        case "prefix":
            content = b"#!/bin/sh\n" + saved.read_bytes()
        case "suffix":
            content = saved.read_bytes() + b"PK\x05\x06"
        case "gap":
            data = saved.read_bytes()
            end = data.index(b"PK\x01\x02")
            content = data[:end] + b"hidden" + data[end:]
        case "comment":
            content = saved.read_bytes()[:-2] + b"\x02\x00hi"
        case _:
            buffer = BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                for name, data in parts:
                    archive.writestr(name, data)
            content = buffer.getvalue()
    saved.write_bytes(content)
    for read in (load_model_file, read_signature, read_row_hashes):
        with pytest.raises(StoreError, match="not a model"):
            read(saved)
    assert not (saved.parent.parent.parent / "outside").exists()


def test_packing_is_plain_zip_that_any_tool_reads(saved):
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["signature.json", "rows.u64", "estimator.skops"]
        with zipfile.ZipFile(BytesIO(archive.read("estimator.skops"))) as inner:
            assert inner.namelist()[0] == "schema.json"
