//! What is where in the site, and where the links of a page lead.

use net_notes::check::Lang;

use crate::coach::exercise::Exercise;
use crate::coach::exercises;
use crate::coach::home::Home;

/// A page in one of the languages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) lang: Lang,
    pub(crate) page: Page,
}

#[derive(Debug, Clone)]
pub(crate) enum Page {
    /// The path through the lessons.
    Path,
    /// The README of the repository.
    About,
    /// For teachers.
    Teaching,
    /// By its name, `03_server`.
    Lesson(String),
    Exercise(&'static Exercise),
    Wire,
    /// A file of the repository, as text.
    Source(String),
}

impl PartialEq for Page {
    fn eq(&self, other: &Page) -> bool {
        self.file() == other.file()
    }
}

impl Page {
    fn file(&self) -> String {
        match self {
            Page::Path => "index.html".to_string(),
            Page::About => "about.html".to_string(),
            Page::Teaching => "teaching.html".to_string(),
            Page::Lesson(name) => format!("{name}.html"),
            Page::Exercise(exercise) => format!("exercise_{}.html", exercise.id()),
            Page::Wire => "wire.html".to_string(),
            Page::Source(file) => format!("source/{file}.html"),
        }
    }
}

impl Place {
    pub(crate) fn new(lang: Lang, page: Page) -> Place {
        Place { lang, page }
    }

    /// What is asked for by a path such as `en/03_server.html`. That it has the form of one does not say that it is there.
    pub(crate) fn at(path: &str) -> Option<Place> {
        let (lang, file) = path.split_once('/')?;
        let lang = match lang {
            "en" => Lang::En,
            "zh" => Lang::Zh,
            _ => return None,
        };
        let name = file.strip_suffix(".html")?;
        let page = match name {
            "index" => Page::Path,
            "about" => Page::About,
            "teaching" => Page::Teaching,
            "wire" => Page::Wire,
            _ => match (name.strip_prefix("source/"), name.strip_prefix("exercise_")) {
                (Some(file), _) => Page::Source(is_public(file).then(|| file.to_string())?),
                (_, Some(id)) => {
                    Page::Exercise(exercises::all().iter().find(|one| one.id() == id)?)
                }
                _ => Page::Lesson(is_lesson(name).then(|| name.to_string())?),
            },
        };
        Some(Place { lang, page })
    }

    /// The file in the site.
    pub(crate) fn file(&self) -> String {
        format!("{}/{}", self.lang.pick("en", "zh"), self.page.file())
    }

    /// The same page in the other language.
    pub(crate) fn translated(&self) -> Place {
        Place { lang: self.lang.pick(Lang::Zh, Lang::En), page: self.page.clone() }
    }

    /// The Markdown that the page shows, or, for an exercise, that it shows a part of.
    pub(crate) fn markdown(&self) -> String {
        let folder = self.lang.pick("lessons", "lessons/zh");
        match &self.page {
            Page::Path | Page::Wire => format!("{folder}/README.md"),
            Page::About => self.lang.pick("README.md", "README.zh.md").to_string(),
            Page::Teaching => format!("{folder}/TEACHING.md"),
            Page::Lesson(name) => format!("{folder}/{name}.md"),
            Page::Exercise(exercise) => Home::short_lesson(exercise, self.lang),
            Page::Source(file) => file.clone(),
        }
    }

    /// Where a link on this page leads, whose Markdown names a file beside itself.
    pub(crate) fn link(&self, target: &str) -> String {
        if target.starts_with('#') || target.starts_with("http") {
            return target.to_string();
        }
        let (file, anchor) = match target.split_once('#') {
            Some((file, anchor)) => (file, format!("#{anchor}")),
            None => (target, String::new()),
        };
        let file = beside(&self.markdown(), file);
        if let Some(picture) = file.strip_prefix("lessons/pictures/") {
            return self.to(&format!("pictures/{picture}"));
        }
        let place = Place::of(&file, self.lang);
        let anchor = match place.page {
            Page::Exercise(_) if anchor.is_empty() => "#file".to_string(),
            _ => anchor,
        };
        self.to(&place.file()) + &anchor
    }

    /// A file of the site, from this page.
    pub(crate) fn to(&self, file: &str) -> String {
        let own = self.file();
        let mut own: Vec<&str> = own.split('/').collect();
        own.pop();
        let to: Vec<&str> = file.split('/').collect();
        let same = own.iter().zip(&to).take_while(|(own, to)| own == to).count();
        "../".repeat(own.len() - same) + &to[same..].join("/")
    }

    /// A page of the same language, from this page.
    pub(crate) fn to_page(&self, page: Page) -> String {
        self.to(&Place::new(self.lang, page).file())
    }

    /// The page that shows this file of the repository; one that is in no language is shown in this one.
    fn of(file: &str, lang: Lang) -> Place {
        let page = |lang, page| Place { lang, page };
        match file {
            "README.md" => return page(Lang::En, Page::About),
            "README.zh.md" => return page(Lang::Zh, Page::About),
            _ => {}
        }
        let chinese = file.strip_prefix("lessons/zh/").map(|name| (Lang::Zh, name));
        let lesson = chinese.or(file.strip_prefix("lessons/").map(|name| (Lang::En, name)));
        if let Some((lang, name)) = lesson {
            match name.strip_suffix(".md") {
                Some("README") => return page(lang, Page::Path),
                Some("TEACHING") => return page(lang, Page::Teaching),
                Some(name) => return page(lang, Page::Lesson(name.to_string())),
                None => {}
            }
        }
        let exercise = exercises::all().iter().find(|one| Home::short_file(one) == file);
        page(lang, exercise.map_or_else(|| Page::Source(file.to_string()), Page::Exercise))
    }
}

/// The name of a lesson: two digits, then what it is about.
pub(crate) fn is_lesson(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    matches!(name.as_bytes(), [b'0'..=b'9', b'0'..=b'9', b'_', _, ..]) && name.chars().all(is_part)
}

/// Whether the text of this file is for everyone: of the course, and nothing of the student's, nor an exercise's answer.
pub(crate) fn is_public(file: &str) -> bool {
    let is_plain = file.split('/').all(|name| !name.is_empty() && !name.starts_with('.'));
    let of_course = ["src/", "examples/", "tests/", "LICENSE-"];
    is_plain
        && !file.contains('\\')
        && of_course.iter().any(|start| file.starts_with(start))
        && !file.starts_with("tests/exercises/")
}

/// The file that a link in another file means.
pub(crate) fn beside(file: &str, target: &str) -> String {
    let mut path: Vec<&str> = file.split('/').collect();
    path.pop();
    for part in target.split('/') {
        match part {
            ".." => _ = path.pop(),
            "." => {}
            part => path.push(part),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_by_its_file() {
        for file in [
            "en/index.html",
            "zh/about.html",
            "zh/teaching.html",
            "en/03_server.html",
            "zh/exercise_03.html",
            "en/wire.html",
            "en/source/src/socket/run.rs.html",
        ] {
            let place = Place::at(file).expect(file);
            assert_eq!(place.file(), file);
            assert_ne!(place.translated(), place);
            assert_eq!(place.translated().translated(), place);
        }
    }

    #[test]
    fn nothing_else_is_found() {
        for file in [
            "",
            "en",
            "en/",
            "en/03_server",
            "fr/index.html",
            "en/exercise_15.html",
            "en/exercise_3.html",
            "en/../en/index.html",
            "en/03_../03_server.html",
            "en/source/.progress.html",
            "en/source/src/../.progress.html",
            "en/source/src//lib.rs.html",
            "en/source/src\\..\\.progress.html",
            "en/source/tests/exercises/03_server.rs.html",
            "en/source/tests/exercises/03_server/solution.rs.html",
            "en/source/target/debug/net-notes.html",
        ] {
            assert_eq!(Place::at(file), None, "{file}");
        }
    }

    #[test]
    fn a_link_leads_to_the_page_of_its_file() {
        let lesson = |lang| Place::new(lang, Page::Lesson("03_server".into()));
        for (lang, target, expected) in [
            (Lang::En, "#run-it", "#run-it"),
            (Lang::En, "https://rustup.rs", "https://rustup.rs"),
            (Lang::En, "04_client.md", "04_client.html"),
            (Lang::En, "README.md#the-path", "index.html#the-path"),
            (Lang::En, "zh/03_server.md", "../zh/03_server.html"),
            (Lang::Zh, "../03_server.md", "../en/03_server.html"),
            (Lang::Zh, "../../README.zh.md", "about.html"),
            (Lang::En, "pictures/05_order.svg", "../pictures/05_order.svg"),
            (Lang::Zh, "../pictures/05_order.svg", "../pictures/05_order.svg"),
            (Lang::Zh, "../../src/lib.rs#L9", "source/src/lib.rs.html#L9"),
            (Lang::En, "../tests/exercises/03_server.rs", "exercise_03.html#file"),
        ] {
            assert_eq!(lesson(lang).link(target), expected, "{target}");
        }
        let source = Place::new(Lang::En, Page::Source("src/socket/run.rs".into()));
        assert_eq!(source.to("assets/page.css"), "../../../../assets/page.css");
        assert_eq!(source.to_page(Page::Path), "../../../index.html");
    }
}
