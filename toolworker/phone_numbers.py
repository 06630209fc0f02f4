"""From what a caller said to the keys a customer may be stored under.

Asks libphonenumber whether the length is possible, not whether the number is *valid*: 555-01xx numbers, kept for
fiction, are not, and a range opened last month is not known yet (libphonenumber FAQ, isPossibleNumber, isValidNumber).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import phonenumbers
from phonenumbers import ValidationResult

from toolworker.spoken_digits import NoDigits, said_digits


class KeyFormat(StrEnum):
    """How a table may spell its keys."""

    E164 = "e164"
    """``+14155550162``"""
    NATIONAL = "national"
    """``4155550162``: without country code or trunk prefix"""
    DIGITS = "digits"
    """``14155550162``: E.164 without the plus; a local number exactly as said"""


class Trouble(StrEnum):
    """Why a text is not a phone number."""

    NO_NUMBER = "no_number"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"


class NotAPhoneNumber(ValueError):
    """The text cannot be one phone number."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number a caller gave."""

    country_code: int
    national: str
    complete: bool
    """Whether it has its area code; a local number cannot be written as E.164."""
    with_country: bool
    """Whether the caller said the country code too."""

    def key(self, key_format: KeyFormat) -> str | None:
        match key_format:
            case KeyFormat.E164:
                return f"+{self.country_code}{self.national}" if self.complete else None
            case KeyFormat.NATIONAL:
                return self.national
            case KeyFormat.DIGITS:
                return f"{self.country_code}{self.national}" if self.complete else self.national
            case _:
                assert_never(key_format)


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """How this company's numbers are said and stored."""

    country: str
    """ISO 3166 code of the country meant when none is said."""
    key_formats: tuple[KeyFormat, ...]
    """The spellings of the table's keys, in the order to try them."""

    def read(self, text: str) -> PhoneNumber:
        """The number in the caller's words; raises ``NotAPhoneNumber``."""
        try:
            digits = said_digits(text)
            number = phonenumbers.parse(digits, self.country)
        except NoDigits as error:
            raise NotAPhoneNumber(Trouble.NO_NUMBER) from error
        except phonenumbers.NumberParseException as error:
            raise NotAPhoneNumber(_trouble(error)) from error
        match phonenumbers.is_possible_number_with_reason(number):
            case ValidationResult.IS_POSSIBLE:
                return _complete(number, with_country=digits.startswith("+"))
            case ValidationResult.IS_POSSIBLE_LOCAL_ONLY if not digits.startswith("+"):
                return PhoneNumber(number.country_code or 0, digits, complete=False, with_country=False)
            case ValidationResult.TOO_LONG if not digits.startswith("+"):
                return self.read(f"+{digits}")
            case ValidationResult.TOO_LONG:
                raise NotAPhoneNumber(Trouble.TOO_LONG)
            case _:
                raise NotAPhoneNumber(Trouble.TOO_SHORT)

    def keys(self, number: PhoneNumber) -> tuple[str, ...]:
        """The distinct keys to try, in order."""
        keys = [number.key(key_format) for key_format in self.key_formats]
        return tuple(dict.fromkeys(key for key in keys if key))


def _complete(number: phonenumbers.PhoneNumber, *, with_country: bool) -> PhoneNumber:
    return PhoneNumber(
        country_code=number.country_code or 0,
        national=phonenumbers.national_significant_number(number),
        complete=True,
        with_country=with_country,
    )


def _trouble(error: phonenumbers.NumberParseException) -> Trouble:
    match error.error_type:
        case phonenumbers.NumberParseException.TOO_LONG:
            return Trouble.TOO_LONG
        case phonenumbers.NumberParseException.TOO_SHORT_NSN | phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD:
            return Trouble.TOO_SHORT
        case _:
            return Trouble.NO_NUMBER
