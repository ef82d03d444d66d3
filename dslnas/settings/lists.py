"""Kinds of lists: settings that take several values."""

from __future__ import annotations

from dslnas.settings.kinds import Kind, UnfitError


class Many(Kind):
    """A list; each value is of the same kind."""

    is_several = True

    def __init__(self, kind: Kind, *, least: int = 0, most: int | None = None) -> None:
        self._kind, self._least, self._most = kind, least, most
        self.wants = (f"a list: each value {kind.wanted}",)

    def suits(self, value: object) -> bool:
        """Whether it is a list."""
        return isinstance(value, tuple)

    def check(self, value: object) -> tuple[object, ...]:
        """Return the list with its values as they are kept."""
        values = super().check(value)
        assert isinstance(values, tuple)
        if self._most is not None and len(values) > self._most:
            raise UnfitError(f"needs at most {self._most} values", values)
        checked = _each(self._kind, values)
        if len(values) < self._least:
            raise UnfitError(f"needs at least {self._least} values", values)
        return checked


class Exactly(Kind):
    """So many values of the same kind."""

    is_several = True

    def __init__(self, count: int, kind: Kind) -> None:
        self._count, self._kind = count, kind
        self.wants = (f"{count} {kind.wanted.removeprefix('a ')}s",)

    def suits(self, value: object) -> bool:
        """Whether it has as many values."""
        return isinstance(value, tuple) and len(value) == self._count

    def check(self, value: object) -> tuple[object, ...]:
        """Return the values as they are kept."""
        values = super().check(value)
        assert isinstance(values, tuple)
        return _each(self._kind, values)


class Names(Kind):
    """A list of names."""

    wants = ("names",)
    is_several = True

    def __init__(self, *, least: int = 0) -> None:
        self._least = least

    def suits(self, value: object) -> bool:
        """Whether all are names, and enough of them."""
        if not isinstance(value, tuple) or len(value) < self._least:
            return False
        return all(isinstance(name, str) for name in value)


def _each(kind: Kind, values: tuple[object, ...]) -> tuple[object, ...]:
    """Return the values of a list as they are kept."""
    checked = []
    for number, value in enumerate(values):
        try:
            checked.append(kind.check(value))
        except UnfitError as wrong:
            raise UnfitError(wrong.wants, wrong.value, number) from None
    return tuple(checked)
