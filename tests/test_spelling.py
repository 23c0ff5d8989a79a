"""Words that are spelled alike."""

from xenscmi.spelling import did_you_mean, nearest, only_like

KEYS = ("memory", "maxmem", "vcpus")


def test_the_nearest_word_is_named() -> None:
    assert nearest("memmory", KEYS) == "memory"
    assert nearest("bootloader", KEYS) is None
    assert nearest("vcpu", KEYS, 0.95) is None


def test_a_word_is_certain_only_if_no_other_is_as_much_alike() -> None:
    assert only_like("memmory", KEYS) == "memory"
    assert only_like("agent_ids", ("agent_id", "agent_is")) is None


def test_advice_falls_back() -> None:
    assert did_you_mean("vcpu", iter(KEYS), "see xl.cfg(5)") == "did you mean `vcpus'?"
    assert did_you_mean("bootloader", iter(KEYS), "see xl.cfg(5)") == "see xl.cfg(5)"
