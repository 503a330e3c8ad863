//! What the pages load: an icon, style sheets and scripts, by hand, each in a file of its own.

/// A file beside the pages.
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) load: Load,
}

/// Which pages load a file.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Load {
    /// All of them, before they are shown.
    Always,
    /// Those on which programs run.
    Live,
    /// None: a script that those scripts import.
    Imported,
}

impl Asset {
    /// The file in the site.
    pub(crate) fn path(&self) -> String {
        format!("assets/{}", self.name)
    }

    /// For the header Content-Type.
    pub(crate) fn kind(&self) -> &'static str {
        match self.name.rsplit_once('.') {
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => "text/javascript; charset=utf-8",
        }
    }
}

macro_rules! assets {
    ($($name:literal $load:ident,)*) => {
        &[$(Asset { name: $name, text: include_str!(concat!("assets/", $name)), load: Load::$load }),*]
    };
}

pub(crate) const ASSETS: &[Asset] = assets! {
    "icon.svg" Always,
    "page.css" Always,
    "live.css" Live,
    "page.js" Always,
    "live.js" Live,
    "bytes.js" Imported,
    "exercise.js" Imported,
    "inspector.js" Imported,
    "keys.js" Imported,
    "lanes.js" Imported,
    "lesson.js" Imported,
    "picture.js" Imported,
    "player.js" Imported,
    "rows.js" Imported,
    "server.js" Imported,
    "terminals.js" Imported,
    "trace.js" Imported,
    "view.js" Imported,
    "wire.js" Imported,
    "words.js" Imported,
};
