import pytest

from localcloud.sonic.weights import WeightsUnusable, packaged_file


def test_a_missing_package_is_named_with_its_repair() -> None:
    with pytest.raises(WeightsUnusable, match=r"no_such_package is not installed: install exactly some-models==1\.0"):
        packaged_file("no_such_package", "model.onnx", sha256="", requirement="some-models==1.0")


def test_another_release_without_the_file_is_named() -> None:
    with pytest.raises(WeightsUnusable, match=r"has no model\.onnx"):
        packaged_file("json", "model.onnx", sha256="", requirement="some-models==1.0")


def test_a_file_with_another_content_is_refused() -> None:
    with pytest.raises(WeightsUnusable, match="is not the expected file"):
        packaged_file("json", "decoder.py", sha256="0" * 64, requirement="some-models==1.0")
