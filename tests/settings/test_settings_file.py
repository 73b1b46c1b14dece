"""The settings: the environment before the file before what is built in, and changing the file line by line."""

import pytest

from chatkit import ConfigError
from chatkit._settings.lines import line_of, to_toml, with_line, without_line
from chatkit._settings.places import default_store, settings_path
from chatkit._settings.reading import settings
from chatkit._settings.writing import check, put, take_away, write


@pytest.fixture
def file(tmp_path):
    return tmp_path / "folder" / "config.toml"


def held(text, tmp_path, **environ):
    path = tmp_path / "c.toml"
    path.write_text(text)
    return settings(path, environ=environ)


def test_without_a_file_there_is_what_is_built_in(file):
    found = settings(file, environ={})
    assert dict(found) == {"store": default_store(), "save": False, "markdown": True}
    assert (found.source("save"), found.source("model"), found.path, found.params) == ("default", None, file, {})
    assert "markdown" in repr(found) and len(found) == 3


def test_variables_go_before_the_file_and_empty_ones_are_none(tmp_path):
    found = held('model = "a"\nstore = "s"', tmp_path, CHATKIT_MODEL="b", CHATKIT_STORE="", CHATKIT_ECHO="all")
    assert (found["model"], found["store"], found["echo"]) == ("b", "s", "all")
    assert [found.source(name) for name in ("model", "store", "echo")] == ["CHATKIT_MODEL", "file", "CHATKIT_ECHO"]


def test_the_variables_of_the_process_are_looked_at(monkeypatch, file):
    monkeypatch.setenv("CHATKIT_CONFIG", str(file))
    monkeypatch.setenv("CHATKIT_MODEL", "org/m")
    assert (settings().path, settings()["model"]) == (file, "org/m")
    monkeypatch.delenv("CHATKIT_CONFIG")
    assert settings_path().name == "config.toml" and "chatkit" in str(settings_path())
    assert settings_path({"CHATKIT_CONFIG": "~/x.toml"}).is_absolute()


def test_parameters_stand_in_a_table_or_with_dots(tmp_path):
    assert held("[params]\ntemperature = 0.5\nseed = 1", tmp_path).params == {"temperature": 0.5, "seed": 1}
    assert held("params.seed = 2", tmp_path).params == {"seed": 2}
    assert held("params = {seed = 3}", tmp_path).params == {"seed": 3}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model =", "line 1, column 8: this is no TOML: invalid value."),
        ('\nmodel = "a" x', "line 2, column 13: this is no TOML"),
        ('model = """\nabc', "line 2, column 4: this is no TOML"),
        ('a\\nb = 1\nmodel = "x"', "this is no TOML"),
        ("# x\nmodle = 1", "line 2: 'modle' is no setting. Did you mean 'model'?"),
        ("[other]\nx = 1", "line 2: 'other' is no setting."),
        ("[other]", "line 1: 'other' is no setting."),
        ("[[other]]", "line 1: 'other' is no setting."),
        ("x.y = 1", "line 1: 'x' is no setting."),
        ("params = 3", "line 1: 'params' is no setting."),
        ("model = 3", "line 1: model must be a text, not 3."),
        ("save = 1", "line 1: save must be true or false, not 1."),
        (f"model = {list(range(99))}", "line 1: model must be a text, not [0, 1"),
        ('echo = "x"', "echo must be one of none, output, all"),
        ('[params]\nheaders = {a = "Bearer abcdefgh"}', "line 2: The value for params.headers looks like a key"),
        ('store = "postgres://me:pw@h/d"', "has a password in it"),
        ('token = "x"', "'token' is no setting: keys are not kept in a file."),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path, text, told):
    with pytest.raises(ConfigError) as caught:
        held(text, tmp_path)
    assert told in str(caught.value) and str(tmp_path / "c.toml") in str(caught.value)
    assert "abcdefgh" not in str(caught.value) and ":pw@" not in str(caught.value)


def test_a_variable_that_cannot_be_is_told_by_its_name(file):
    with pytest.raises(ConfigError, match="CHATKIT_ECHO must be one of none, output, all, not 'x'"):
        settings(file, environ={"CHATKIT_ECHO": "x"})


def test_deep_toml_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="this is no TOML"):
        held("model = " + "[" * 100_000, tmp_path)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        settings(tmp_path, environ={})
    (tmp_path / "c.toml").write_bytes(b'model = "\xff"')
    with pytest.raises(ConfigError, match="it is not UTF-8 at byte 9"):
        settings(tmp_path / "c.toml", environ={})


def test_a_setting_is_put_taken_away_and_all_else_stays(file):
    put(file, "model", "a")
    put(file, "params.seed", 1)
    put(file, "save", True)
    put(file, "params.stop_sequences", ["x", "y"])
    put(file, "system", 'two\nlines and a "\x7f"')
    assert settings(file, environ={})["system"] == 'two\nlines and a "\x7f"'
    assert settings(file, environ={}).params == {"seed": 1, "stop_sequences": ["x", "y"]}
    assert take_away(file, "params.seed") and take_away(file, "model") and not take_away(file, "model")
    assert "[params]" in file.read_text()
    check(file)


def test_a_value_of_several_lines_is_replaced_as_a_whole():
    text = 'system = """\na = 1\n"""\nmodel = "m"  # why\n'
    assert with_line(text, "system", "s") == 'system = "s"\nmodel = "m"  # why\n'
    assert with_line(text, "model", "n") == 'system = """\na = 1\n"""\nmodel = "n"  # why\n'
    assert without_line(text, "system") == 'model = "m"  # why\n'
    assert without_line(text, "store") == text
    assert line_of(text, "model") == 4


def test_a_new_setting_goes_behind_its_neighbours():
    assert with_line("", "model", "m") == 'model = "m"\n'
    assert with_line("# top\n\n[params]\nseed = 1\n", "model", "m") == '# top\nmodel = "m"\n\n[params]\nseed = 1\n'
    assert with_line("a = 1\n[params]\n# why\n", "params.seed", 2) == "a = 1\n[params]\n# why\nseed = 2\n"
    assert with_line("a = 1", "params.seed", 2) == "a = 1\n\n[params]\nseed = 2\n"


def test_what_one_line_does_not_hold_is_left_to_an_editor(file):
    write(file, "params = {seed = 3}\n")
    with pytest.raises(ConfigError, match="cannot be changed line by line here"):
        put(file, "params.seed", 4)
    with pytest.raises(ConfigError, match="cannot be changed line by line"):
        put(file, "params.temperature", 1)
    assert file.read_text() == "params = {seed = 3}\n"


def test_a_folder_in_its_place_cannot_be_written(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path, "x")


@pytest.mark.parametrize(("value", "told"), [(True, "true"), (1.5, "1.5"), ("a", '"a"'), ([1, "b"], '[1, "b"]')])
def test_values_in_toml(value, told):
    assert to_toml(value) == told


def test_a_comment_stays_whatever_signs_are_in_it_and_in_the_value():
    for value in ('"a # b"', "'it # is'", '"\\\\"', '["#", "b"]', '"""x" # y"""'):
        for comment in ("  # don't", "# why", " # a # b", ' # "x"', ""):
            assert with_line(f"model = {value}{comment}", "model", "n") == f'model = "n"{comment}'


def test_what_looks_like_a_table_within_a_text_is_none():
    text = 'system = """\n[params]\nseed = 1\n"""\n'
    assert with_line(text, "params.seed", 2) == text + "\n[params]\nseed = 2\n"
    assert with_line(text, "model", "m") == text + 'model = "m"\n'
    assert line_of(text + "[params]\nseed = 3\n", "params.seed") == 6


def test_a_list_of_several_lines_is_one_setting():
    text = '[params]\nstop = [\n  "a]",\n  "b",\n]  # all\nseed = 1\n'
    assert with_line(text, "params.stop", ["c"]) == '[params]\nstop = ["c"]\nseed = 1\n'
    assert without_line(text, "params.stop") == "[params]\nseed = 1\n"


def test_a_text_that_never_ends_goes_to_the_end():
    assert line_of('model = """\n"x"\n', "model") == 1


def test_lines_that_end_as_on_windows_go_on_to_do_so(file):
    write(file, '# mine\r\nmodel = "a"  # why\r\n')
    put(file, "model", "b")
    put(file, "params.seed", 1)
    assert file.read_bytes() == b'# mine\r\nmodel = "b"  # why\r\n\r\n[params]\r\nseed = 1\r\n'
    file.write_bytes(file.read_bytes() + b"x = {}\r\nnone.such = 1\r\n")
    assert line_of(file.read_bytes().decode(), "params.none") == 7


def test_all_letters_and_tables_can_be_settled(file):
    put(file, "system", "Ünïcödé 😀 \u2028")
    put(file, "params.logit_bias", {"5": 1, 'a"b': [True, {"c": "d"}]})
    assert settings(file, environ={})["system"] == "Ünïcödé 😀 \u2028"
    assert settings(file, environ={}).params["logit_bias"] == {"5": 1, 'a"b': [True, {"c": "d"}]}
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="no text in UTF-8"):
        put(file, "system", "half \ud83d")
    assert file.read_bytes() == before


def test_a_file_that_is_too_long_is_not_cut(file):
    write(file, 'model = "m"\n' + "# long\n" * 200_000)
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="more than 1 MB"):
        put(file, "model", "n")
    assert file.read_bytes() == before


def test_a_link_to_the_file_stays_a_link(file, tmp_path):
    write(file, 'model = "m"\n')
    (tmp_path / "link").symlink_to(file)
    put(tmp_path / "link", "model", "n")
    assert (tmp_path / "link").is_symlink() and file.read_text() == 'model = "n"\n'
