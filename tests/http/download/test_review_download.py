"""What a review found in addresses."""

import pytest

from chatkit._errors import MediaError
from chatkit._http.public import target_of


@pytest.mark.parametrize("host", ["a." * 127 + "a", "a" * 1_000_000, "a." * 100_000 + "com"])
def test_a_host_longer_than_any_name_is_refused_and_not_shown(host):
    with pytest.raises(MediaError, match="no usable host") as caught:
        target_of(f"http://{host}/")
    assert len(str(caught.value)) < 100
    assert target_of(f"http://{'a.' * 127}/").host == "a." * 127


def test_a_redirect_to_such_a_host_is_refused(serve, redirect, fault_of):
    url, _ = serve(redirect(f"http://{'a' * 60_000}/"))
    assert fault_of(url) == "The URL has no usable host or port."
