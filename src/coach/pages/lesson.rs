//! A lesson: the text, and beside it, where programs can be run, the stage.

use net_notes::check::Localized;

use super::Course;
use super::console;
use super::html;
use super::shell;
use super::site::Place;

pub(super) fn main(course: &Course<'_>, place: &Place) -> Result<String, Localized> {
    let blocks = course.blocks(place)?;
    let text = html::blocks(&blocks, &|target| place.link(target));
    if !course.is_live() {
        return Ok(shell::article(&text));
    }
    // The number of the first block of each block's session, in the order of the page.
    let sessions = console::of_page(&blocks);
    let sessions: Vec<String> = sessions.iter().map(|one| one.session.to_string()).collect();
    let sessions = sessions.join(" ");
    Ok(format!(
        "<div class=\"split\">
<article class=\"prose\" data-sessions=\"{sessions}\">
{text}</article>
<section class=\"stage\" id=\"stage\" aria-label=\"{stage}\"></section>
</div>
",
        stage = place.lang.pick("Stage", "运行区"),
    ))
}
