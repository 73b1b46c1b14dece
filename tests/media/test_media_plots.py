"""Plots: matplotlib's current figure, figures and axes, and whatever can save itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chatkit import ConfigError
from chatkit._media.images import content_image_plot


@pytest.fixture
def plt(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    import matplotlib.pyplot as pyplot

    pyplot.switch_backend("Agg")
    yield pyplot
    pyplot.close("all")


def test_the_current_figure_is_taken_and_keeps_its_size(plt, opened):
    plt.figure(figsize=(3, 2))
    latest = plt.figure(figsize=(4, 1))
    plt.plot([1, 2])
    content = content_image_plot()
    assert (content.media_type, content.detail, opened(content).size) == ("image/png", "auto", (768, 768))
    assert plt.gcf() is latest
    assert tuple(latest.get_size_inches()) == (4, 1)


def test_a_figure_that_is_given_and_the_size_of_the_image(plt, opened):
    figure, axes = plt.subplots(figsize=(3, 2), dpi=50)
    plt.figure()
    for given in (figure, axes):
        assert opened(content_image_plot(given, width=300, height=120)).size == (300, 120)
    assert (tuple(figure.get_size_inches()), figure.dpi) == ((3, 2), 50)


def test_no_current_figure(plt, fault_of):
    fault = fault_of(content_image_plot)
    assert fault.startswith("There is no current matplotlib figure.")
    assert "in the same cell" in fault


NEVER_IMPORTED = """
import sys
from chatkit import MediaError
from chatkit._media.images import content_image_plot
try:
    content_image_plot()
except MediaError as error:
    print(error.summary, "matplotlib" in sys.modules)
"""


def test_matplotlib_is_never_imported():
    done = subprocess.run(
        [sys.executable, "-c", NEVER_IMPORTED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "There is no current matplotlib figure. False\n"


PNG = b"\x89PNG\r\n\x1a\n" + bytes(9)


class Grid:
    """Looks like a grid of seaborn: it saves itself, and has no size of its own."""

    def savefig(self, file, format):
        file.write(PNG)


class Chart:
    """Looks like a chart of altair or a plot of plotnine."""

    def save(self, file, format):
        assert format == "png"
        file.write(PNG)


@pytest.mark.parametrize("plot", [Grid(), Chart()])
def test_whatever_can_save_itself(plot):
    assert content_image_plot(plot).media_type == "image/png"


def test_what_is_no_plot(fault_of):
    assert fault_of(content_image_plot, 5).startswith("int is no plot. Give a matplotlib figure")
    assert "str is no plot" in fault_of(content_image_plot, "plot.png")


def test_a_plot_that_cannot_be_drawn_keeps_its_size_too(plt, fault_of):
    figure = plt.figure(figsize=(3, 2))
    figure.suptitle("$\\nonsense$")
    assert fault_of(content_image_plot).startswith("The plot, a Figure, cannot be drawn: ValueError: ")
    assert tuple(figure.get_size_inches()) == (3, 2)


def test_a_plot_that_saves_something_else(fault_of):
    class Vector(Chart):
        def save(self, file, format):
            file.write(b"<svg/>")

    assert "The plot is an SVG drawing" in fault_of(content_image_plot, Vector())


@pytest.mark.parametrize("size", [{"width": 0}, {"height": -1}, {"width": 1.5}, {"height": "9"}])
def test_sizes_are_whole_numbers_above_zero(size):
    with pytest.raises(ConfigError, match=f"`{next(iter(size))}` must be a whole number of 1 or more"):
        content_image_plot(Grid(), **size)
