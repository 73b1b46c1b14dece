"""What a review found in templates: values that raise when they are looked at, and names without end."""

import pytest

from chatkit._errors import ConfigError
from chatkit._interpolate import interpolate


class Raising:
    def __getattr__(self, name):
        raise RuntimeError(name)


class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("working outside of a request")


@pytest.mark.parametrize("kind", [Raising, Proxy])
def test_a_value_that_raises_when_it_is_looked_at_is_a_fault_of_its_line(kind):
    with pytest.raises(ConfigError, match=r"line 2: 'a' could not be looked at \(RuntimeError\)") as caught:
        interpolate("first\n{{ a }}", a=kind())
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("template", ["{{ NAME }}", "{{ a.NAME }}", "{{ a._NAME }}", '{{ a["NAME"] }}', "{{ d.NAME }}"])
def test_a_long_name_does_not_flood_the_message(template):
    with pytest.raises(ConfigError) as caught:
        interpolate(template.replace("NAME", "n" * 1_000_000), a="x", d={})
    assert len(str(caught.value)) < 400
