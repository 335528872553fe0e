"""What a replay may rely on: does the parent ask for what it asked for before? Pure."""

from __future__ import annotations

from dataclasses import dataclass

from inception.authoring.errors import ParentChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStep:
    """A step as the journal holds it: the digest of its arguments and its task's name."""

    digest: str
    name: str

    @classmethod
    def from_text(cls, text: str) -> RecordedStep:
        """Read a journal entry, `<digest> <name>`."""
        digest, _, name = text.partition(" ")
        return cls(digest=digest, name=name)

    def check(self, path: str, *, name: str, digest: str) -> None:
        """Raise ParentChanged, naming both, unless this very step is asked for again."""
        if self.name != name:
            raise ParentChanged(
                f"Step {path} was {self.name} when it was recorded; now the parent asks for "
                f"{name}. {_ADVICE}"
            )
        if self.digest != digest:
            raise ParentChanged(
                f"Step {path} ({name}) was recorded with the arguments' digest {self.digest}; "
                f"now the parent passes others ({digest}). {_ADVICE}"
            )


_ADVICE = (
    "A parent must ask for the same steps again when it is taken over: take times, random "
    "numbers and what you read elsewhere from now(), random() and side_effect(), and start a "
    "new run after changing the code."
)


def value_key(path: str, number: int) -> str:
    """The journal's key of a parent's recorded value `number` (from 0)."""
    return f"{path}#{number}"
