"""What this distribution offers."""

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_strategies(register: Register) -> None:
    """Offer three ways to a choice."""
    register("choice-cot", "siked_choice.strategies:ChoiceOfThought")
    register("eliminate", "siked_choice.strategies:Eliminate")
    register("analogy", "siked_choice.strategies:Analogy")


@hookimpl
def siked_register_verifiers(register: Register) -> None:
    """Offer the verifier of letters, of the words of choices, and of yes and no."""
    register("letters", "siked_choice.verifier:Letters")


@hookimpl
def siked_register_datasets(register: Register) -> None:
    """Offer the bundled questions and four public data sets."""
    register("everyday", "siked_choice.everyday.dataset:Everyday")
    register("arc-easy", "siked_choice.public:ArcEasy")
    register("arc-challenge", "siked_choice.public:ArcChallenge")
    register("commonsenseqa", "siked_choice.public:CommonsenseQA")
    register("strategyqa", "siked_choice.public:StrategyQA")
    register("boolq", "siked_choice.public:BoolQ")


@hookimpl
def siked_register_backends(register: Register) -> None:
    """Offer the teacher of the bundled questions."""
    register("everyday-teacher", "siked_choice.everyday.teacher:EverydayTeacher")
