"""What the callers of the report say: questions, short answers, and telephone numbers in the ways people group them.

The numbers are fictional: 555-01xx of any area code (NANPA) and 07700 900xxx (Ofcom).
"""

import random
from dataclasses import dataclass

SEED = 20_26
NUMBERS_EACH_WAY = 8

QUESTIONS = (
    "What plans do you have?",
    "How much does the unlimited plan cost per month?",
    "Which plan is the cheapest?",
    "Can you tell me what is included in the family plan?",
    "Do you have a discount for students?",
    "What is the difference between the essential plan and the unlimited plan?",
    "I would like to change my plan.",
    "Can I switch from prepaid to a monthly plan?",
    "When is my next bill due?",
    "Why is my bill higher than last month?",
    "How much do I owe you?",
    "Can I pay my bill with a credit card?",
    "What happens if I pay my bill late?",
    "How do I set up automatic payments?",
    "I think there is a mistake on my invoice.",
    "How much data do I have left?",
    "How many gigabytes have I used this month?",
    "What happens when I reach my data limit?",
    "Can I buy more data for this month?",
    "Which plan am I on right now?",
    "Which add-ons do I have on my account?",
    "How much is roaming in Europe per day?",
    "I am flying to Japan tomorrow, will my phone work there?",
    "Does my plan work in Mexico and Canada?",
    "How do I turn off roaming?",
    "What does it cost to call my sister in India?",
    "Do you have a package for international calls?",
    "How do I activate my new SIM card?",
    "Does my phone support an eSIM?",
    "My SIM card does not work.",
    "I have lost my phone, please block my line.",
    "Somebody stole my phone last night.",
    "Can I keep my number if I switch to you?",
    "How long does it take to transfer my number?",
    "I want to move my number to another company.",
    "How do I cancel my contract?",
    "Is there an early termination fee?",
    "My internet is very slow today.",
    "I have no signal in my house.",
    "Is there an outage in my area?",
    "Do you have 5G coverage in Denver?",
    "How do I set up my voicemail?",
    "I forgot the passcode of my voicemail.",
    "How do I enable wifi calling?",
    "Can I use my phone as a hotspot for my laptop?",
    "How fast is the hotspot?",
    "My screen is broken, does the insurance pay for it?",
    "When can I upgrade my phone?",
    "How much do you give me for my old phone?",
    "How can I block unwanted calls?",
    "I keep getting spam calls, what can I do?",
    "Can I get a new phone number?",
    "When are your stores open on Saturday?",
    "Where can I pay in cash?",
    "Can I talk to a human agent, please?",
    "I would like to speak to your supervisor.",
    "Could you look up my account?",
    "Is there a fee for paper bills?",
    "How do I add another line for my daughter?",
    "Can you explain the charges on my last bill?",
)

SHORT_ANSWERS = (
    "Yes.",
    "Yes, please.",
    "No.",
    "No, thank you.",
    "Yeah, that's right.",
    "No, that's wrong.",
    "Sure, go ahead.",
    "Of course.",
    "Not right now.",
    "Okay.",
    "Okay, thank you very much.",
    "Hello.",
    "Good morning.",
    "Thank you, goodbye.",
    "That's all for today.",
    "Nothing else, thanks.",
    "One moment, please.",
    "Hold on a second.",
    "Could you repeat that?",
    "Can you say that again?",
    "I don't know.",
    "That is correct.",
    "Exactly.",
    "Never mind.",
    "I need some help.",
)

_AREA_CODES = ("212", "415", "617", "713", "312", "305", "720", "503", "404", "206", "818", "949", "609", "702")
_LEAD_INS = ("My number is {}.", "It's {}.", "Yes, it is {}.", "You can look me up with {}.", "Sure, {}.", "{}.")
_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True, slots=True)
class Script:
    """One thing to say. ``number`` holds the digits of a dictated telephone number, else nothing."""

    text: str
    number: str = ""


def scripts() -> tuple[Script, ...]:
    """Everything to be said; the same at every call."""
    said = (*QUESTIONS, *SHORT_ANSWERS)
    return (*(Script(text) for text in said), *_dictations(random.Random(SEED)))  # noqa: S311 - no secret


def _dictations(choice: random.Random) -> list[Script]:
    ways = (_in_groups, _with_oh, _in_one_breath, _in_pairs, _with_triple, _with_country_code, _local, _british)
    dictated = [way(choice) for _ in range(NUMBERS_EACH_WAY) for way in ways]
    return [Script(choice.choice(_LEAD_INS).format(words), digits) for words, digits in dictated]


def _in_groups(choice: random.Random) -> tuple[str, str]:
    area, last = choice.choice(_AREA_CODES), _last_four(choice)
    return f"{_spelt(area)}, five five five, {_spelt(last)}", f"{area}555{last}"


def _with_oh(choice: random.Random) -> tuple[str, str]:
    words, digits = _in_groups(choice)
    return words.replace("zero", "oh"), digits


def _in_one_breath(choice: random.Random) -> tuple[str, str]:
    words, digits = _in_groups(choice)
    return words.replace(",", ""), digits


def _in_pairs(choice: random.Random) -> tuple[str, str]:
    """ "four fifteen, five fifty five, oh one sixty two"."""
    area, tail = choice.choice([code for code in _AREA_CODES if code[1] != "0"]), choice.randint(10, 99)
    return f"{_ONES[int(area[0])]} {_pair(int(area[1:]))}, five fifty five, oh one {_pair(tail)}", f"{area}55501{tail}"


def _with_triple(choice: random.Random) -> tuple[str, str]:
    words, digits = _in_groups(choice)
    return words.replace("five five five", "triple five"), digits


def _with_country_code(choice: random.Random) -> tuple[str, str]:
    words, digits = _in_groups(choice)
    return f"plus one, {words}", f"1{digits}"


def _local(choice: random.Random) -> tuple[str, str]:
    last = _last_four(choice)
    return f"five five five, {_spelt(last)}", f"555{last}"


def _british(choice: random.Random) -> tuple[str, str]:
    last = f"{choice.randint(0, 999):03}"
    return f"plus four four, seven seven zero zero, nine zero zero, {_spelt(last)}", f"447700900{last}"


def _last_four(choice: random.Random) -> str:
    return f"01{choice.randint(0, 99):02}"


def _spelt(digits: str) -> str:
    return " ".join(_ONES[int(digit)] for digit in digits)


def _pair(value: int) -> str:
    if value < 20:
        return _TEENS[value - 10]
    return f"{_TENS[value // 10]} {_ONES[value % 10]}" if value % 10 else _TENS[value // 10]
