"""What users can get wrong, and what every layer raises for it."""


class HarnessError(ValueError):
    """Bad input: the text says, in a line for each problem, where it is, what was found and what was expected."""
