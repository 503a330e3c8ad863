//! The language of the coach: the one that was given with `--lang`, the one that was chosen with `lang`, or the one that the
//! system is set to.

use std::env;
use std::process::{Command, Stdio};

use net_notes::check::Lang;

use super::home::Home;
use super::progress::Progress;

/// The variables of a locale; the first one that is set decides (locale(7)).
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// The chosen language; where none was chosen, the system's.
pub(super) fn language(home: &Home) -> Lang {
    chosen(home).unwrap_or_else(system)
}

/// The language with this name in a command.
pub(super) fn named(name: &str) -> Option<Lang> {
    match name {
        "en" => Some(Lang::En),
        "zh" => Some(Lang::Zh),
        _ => None,
    }
}

/// The name of a language in a command.
pub(super) fn name(lang: Lang) -> &'static str {
    lang.pick("en", "zh")
}

/// The language that the student has chosen.
pub(super) fn chosen(home: &Home) -> Option<Lang> {
    Progress::read(home).ok()?.lang().and_then(named)
}

fn system() -> Lang {
    of_locale(|name| env::var(name).ok().filter(|value| !value.is_empty()), windows_locale)
}

/// As gettext does it: `LANGUAGE` is a list, of which the first language that there is counts, and is looked at where the
/// locale is not that of no language, `C`.
fn of_locale(get: impl Fn(&str) -> Option<String>, own: impl Fn() -> Option<String>) -> Lang {
    let locale = LOCALE.iter().find_map(|name| get(name)).or_else(own);
    let Some(locale) = locale.filter(|locale| locale != "C" && locale != "POSIX") else {
        return Lang::En;
    };
    let languages = get("LANGUAGE").unwrap_or(locale);
    languages.split(':').find_map(spoken).unwrap_or(Lang::En)
}

/// The language of a locale such as `zh_CN.UTF-8` or `zh-Hans-CN`, if it is one of ours.
fn spoken(locale: &str) -> Option<Lang> {
    let language = locale.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    named(&language.to_ascii_lowercase())
}

/// The language of Windows, which sets no variables. std cannot ask for it, `reg` can.
fn windows_locale() -> Option<String> {
    if !cfg!(windows) {
        return None;
    }
    let mut query = Command::new("reg");
    query.args(["query", r"HKCU\Control Panel\International", "/v", "LocaleName"]);
    let output = query.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    last_word(&String::from_utf8_lossy(&output.stdout), "LocaleName")
}

/// The last word of the line with this name: `    LocaleName    REG_SZ    zh-CN`.
fn last_word(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.trim_start().starts_with(name))?;
    line.split_whitespace().next_back().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_asked_as_gettext_does() {
        let lang = |set: &str, own: Option<&str>| {
            let get = |name: &str| {
                let mut set = set.split(' ').filter_map(|pair| pair.split_once('='));
                set.find(|(key, _)| *key == name).map(|(_, value)| value.to_string())
            };
            of_locale(get, || own.map(String::from))
        };
        for set in [
            "LANG=zh_CN.UTF-8",
            "LANG=zh",
            "LC_MESSAGES=zh_TW LANG=en_US.UTF-8",
            "LC_ALL=zh_CN LC_MESSAGES=en_US LANG=de_DE",
            "LANG=de_DE.UTF-8 LANGUAGE=fr:zh_CN:en",
            "LANG=C.UTF-8 LANGUAGE=zh",
        ] {
            assert_eq!(lang(set, None), Lang::Zh, "{set}");
        }
        for set in [
            "",
            "LANG=en_US.UTF-8",
            "LANG=de_DE.UTF-8",
            "LANG=zha_CN", // another language
            "LC_ALL=C LANG=zh_CN.UTF-8",
            "LANG=zh_CN.UTF-8 LANGUAGE=en:zh",
            "LANG=zh_CN.UTF-8 LANGUAGE=fr",
            "LANGUAGE=zh",
            "LC_ALL=POSIX LANGUAGE=zh",
        ] {
            assert_eq!(lang(set, None), Lang::En, "{set}");
        }
        assert_eq!(lang("", Some("zh-Hans-CN")), Lang::Zh);
        assert_eq!(lang("LANG=en_US.UTF-8", Some("zh-CN")), Lang::En, "Git Bash sets it");
    }

    #[test]
    fn windows_answer_is_read() {
        let answer = "\r\nHKEY_CURRENT_USER\\Control Panel\\International\r\n    LocaleName    REG_SZ    zh-CN\r\n\r\n";
        assert_eq!(last_word(answer, "LocaleName").as_deref(), Some("zh-CN"));
        assert_eq!(last_word("ERROR", "LocaleName"), None);
    }
}
