"""The package whose data sets need no download."""

from __future__ import annotations

from dslnas.diagnostics import user_error


def check_sklearn(source: str) -> None:
    """Raise NAS608 if scikit-learn is missing."""
    try:
        import sklearn.datasets  # noqa: F401
    except ImportError as error:
        raise user_error(
            "NAS608",
            f"data source `{source}` needs scikit-learn",
            help="pip install scikit-learn",
            where="data",
        ) from error
