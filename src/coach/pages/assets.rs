//! What the pages load: style sheets and scripts, by hand, each in a file of its own.

/// A file beside the pages.
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// Only where programs can be run.
    pub(crate) is_live: bool,
}

impl Asset {
    /// The file in the site.
    pub(crate) fn path(&self) -> String {
        format!("assets/{}", self.name)
    }

    /// For the header Content-Type.
    pub(crate) fn kind(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            _ => "text/javascript; charset=utf-8",
        }
    }
}

/// In the order in which they are loaded.
pub(crate) const ASSETS: &[Asset] = &[
    Asset { name: "page.css", text: include_str!("assets/page.css"), is_live: false },
    Asset { name: "page.js", text: include_str!("assets/page.js"), is_live: false },
];
