//! The pages of the course as HTML: for the browser beside the terminal, and as files to take along.
//!
//! From a path in the site to a page: [`site`] says what is where, [`Course::page`] renders it.

pub(crate) mod assets;
mod colour;
pub(crate) mod console;
mod escape;
mod exercise;
pub(crate) mod html;
mod keys;
mod lesson;
mod live;
pub(crate) mod markdown;
mod path;
mod shell;
pub(crate) mod site;
mod source;
pub(crate) mod verdict;
mod wire;
mod words;

pub(crate) use self::{exercise::hint, source::lines as source_lines, verdict::unsaved};

use std::fs;

use net_notes::check::Localized;

use self::assets::ASSETS;
use self::markdown::Block;
use self::site::{Page, Place};
use super::home::Home;
use super::progress::Progress;

const HTML: &str = "text/html; charset=utf-8";

/// What the pages are made of.
pub(crate) struct Course<'c> {
    pub(crate) home: &'c Home,
    /// How far the student is. Without it the pages are for anyone: nothing on them runs.
    pub(crate) progress: Option<&'c Progress>,
}

/// A file of the site.
pub(crate) struct File {
    /// For the header Content-Type.
    pub(crate) kind: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl Course<'_> {
    /// The file at this path of the site, such as `en/03_server.html`, if there is one.
    pub(crate) fn file(&self, path: &str) -> Result<Option<File>, Localized> {
        let file = |kind, text: String| Ok(Some(File { kind, bytes: text.into_bytes() }));
        if path == "index.html" {
            return file(HTML, shell::languages());
        }
        if let Some(asset) = ASSETS.iter().find(|asset| asset.path() == path) {
            return file(asset.kind(), asset.text.to_string());
        }
        if let Some(name) =
            path.strip_prefix("pictures/").filter(|name| !name.contains(['/', '\\']))
        {
            let picture = format!("lessons/pictures/{name}");
            let kind = match name.rsplit_once('.') {
                Some((_, "svg")) => "image/svg+xml",
                Some((_, "png")) => "image/png",
                _ => return Ok(None),
            };
            return match self.has(&picture) {
                true => Ok(Some(File { kind, bytes: self.read_bytes(&picture)? })),
                false => Ok(None),
            };
        }
        match Place::at(path).filter(|place| self.has(&place.markdown())) {
            Some(place) => file(HTML, self.page(&place)?),
            None => Ok(None),
        }
    }

    fn has(&self, file: &str) -> bool {
        self.home.root().join(file).is_file()
    }

    /// The page at this place. An error names the file, the line, and what is not known there.
    pub(crate) fn page(&self, place: &Place) -> Result<String, Localized> {
        let main = match &place.page {
            Page::Path => path::main(self, place)?,
            Page::About | Page::Teaching => shell::article(&self.article(place)?),
            Page::Lesson(_) => lesson::main(self, place)?,
            Page::Exercise(exercise) => exercise::main(self, place, exercise)?,
            Page::Wire => wire::main(place.lang),
            Page::Source(file) => source::main(file, &self.read(file)?),
        };
        shell::page(self, place, &main)
    }

    /// Whether programs can be run from the page.
    fn is_live(&self) -> bool {
        self.progress.is_some()
    }

    /// A text file of the course.
    fn read(&self, file: &str) -> Result<String, Localized> {
        fs::read_to_string(self.home.root().join(file))
            .map(|text| text.replace("\r\n", "\n"))
            .map_err(|error| Localized::from(&error).behind(file, file))
    }

    /// Any file of the course.
    fn read_bytes(&self, file: &str) -> Result<Vec<u8>, Localized> {
        fs::read(self.home.root().join(file))
            .map_err(|error| Localized::from(&error).behind(file, file))
    }

    /// The blocks of the page's Markdown.
    fn blocks(&self, place: &Place) -> Result<Vec<Block>, Localized> {
        self.parse(&place.markdown())
    }

    fn parse(&self, file: &str) -> Result<Vec<Block>, Localized> {
        markdown::parse(&self.read(file)?).map_err(|problem| {
            let place = format!("{file}:{}", problem.line);
            problem.what.behind(&place, &place)
        })
    }

    fn article(&self, place: &Place) -> Result<String, Localized> {
        Ok(html::blocks(&self.blocks(place)?, &|target| place.link(target)))
    }
}
