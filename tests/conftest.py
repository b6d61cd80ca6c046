"""How properties are drawn: the same draws in every run of the checks, and fresh ones on demand."""

from hypothesis import settings

# No deadline: a test never asserts a time. `pytest --hypothesis-profile explore` looks further.
settings.register_profile("checks", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("checks")
