"""The types of request fields, each with its range: what pydantic checks, and what the service's description says.

JSON has one kind of number: `3.0` is an integer (JSON Schema 2020-12, validation, 6.1.1), `true` and `"3"` are not.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

LARGEST_SEED: Final = 2**63 - 1
MOST_MESSAGES: Final = 4096
NO_CONTROL: Final = r"^[^\x00-\x1f\x7f]*$"


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
Number = Annotated[float, Field(allow_inf_nan=False)]


def _off(value: bool) -> bool:
    if value:
        raise PydanticCustomError("switched_on", "Input should be false")
    return value


Off = Annotated[bool, AfterValidator(_off), WithJsonSchema({"const": False})]
"""What can be named, and not be switched on."""


def at_most(count: int) -> Any:
    """For an object: so many fields. Looked at before the fields are, each of which would be a fault of its own."""

    def check(value: Any) -> Any:
        if isinstance(value, dict) and len(value) > count:
            raise PydanticCustomError(
                "too_long", "Object should have at most {count} fields", {"count": count}
            )
        return value

    return BeforeValidator(check)


def between(low: float, high: float) -> Any:
    """A range, its ends included."""
    return Field(ge=low, le=high)


def positive(high: float) -> Any:
    """More than none, at most `high`."""
    return Field(gt=0, le=high)


Seed = Annotated[int, between(-LARGEST_SEED - 1, LARGEST_SEED), WHOLE]
Temperature = Annotated[Number, between(0, 2)]
ModelName = Annotated[str, Field(min_length=1, max_length=256, pattern=NO_CONTROL)]
