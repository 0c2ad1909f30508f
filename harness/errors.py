"""What users can get wrong, what can go wrong, and what every layer raises for it."""


class HarnessError(ValueError):
    """Bad input: the text says, in a line for each problem, where it is, what was found and what was expected."""

    exit_code = 2


class FailedError(HarnessError):
    """What was asked is right and could not be done: the text is a line that says what happened and how to go on."""

    exit_code = 1


class HarnessWarning(UserWarning):
    """Something that was asked for is done, but not with all that is there: the text is a line that says what."""


def in_utf8(path: str) -> str:
    """The path, if it is text. Raises `HarnessError` if it is not: YAML and the readers of Parquet take no other."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise HarnessError(f"{path}: this name is not in UTF-8; expected one that is, so rename it") from None
    return path
