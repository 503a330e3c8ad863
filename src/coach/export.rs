//! The course as files for a browser: all that can be reached from the first page.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

use net_notes::check::Localized;

use super::context::Coach;
use super::pages::{Course, html, markdown, site};

/// Names the files that an export has written, one a line: so the next one knows what is its own.
const LIST: &str = ".net-notes-export";

impl Coach {
    /// Writes the site into a folder that is new, empty, or one of ours.
    pub(super) fn export(&self, folder: &str) -> ExitCode {
        let folder = Path::new(folder);
        let course = Course { home: &self.home, progress: None };
        let written = written_before(folder).and_then(|before| {
            let files = files(&course)?;
            write(folder, &before, &files)?;
            Ok(files.len())
        });
        let shown = folder.display();
        match written {
            Ok(count) => self.print(&self.voice.say(
                format!("{count} files. Begin with {}", folder.join("index.html").display()),
                format!("写了 {count} 个文件。从这里开始：{}", folder.join("index.html").display()),
            )),
            Err(why) => {
                let why = why.in_lang(self.voice.lang);
                self.failed(&self.voice.say(
                    format!("{shown}: nothing was exported: {why}"),
                    format!("{shown}：没有导出：{why}"),
                ))
            }
        }
    }

    /// Prints Markdown as HTML, for the authors of a page.
    pub(super) fn render(&self, files: &[&str]) -> ExitCode {
        for file in files {
            let text = match fs::read_to_string(file) {
                Ok(text) => text,
                Err(error) => return self.failed(&format!("{file}: {}", self.reason(&error))),
            };
            match markdown::parse(&text) {
                Ok(blocks) => {
                    self.print_as_is(html::blocks(&blocks, &str::to_string).trim_end());
                }
                Err(problem) => {
                    let what = problem.what.in_lang(self.voice.lang);
                    return self.failed(&format!("{file}:{}: {what}", problem.line));
                }
            }
        }
        ExitCode::SUCCESS
    }
}

/// All files of the site. As each is one that another leads to, and must be there, no link is dead.
fn files(course: &Course<'_>) -> Result<BTreeMap<String, Vec<u8>>, Localized> {
    let mut files = BTreeMap::new();
    let mut due = vec![("index.html".to_string(), String::new())];
    while let Some((path, from)) = due.pop() {
        if files.contains_key(&path) {
            continue;
        }
        let file = course.file(&path)?.ok_or_else(|| {
            Localized::new(
                format!("{from} leads to {path}, which is not there"),
                format!("{from} 里的链接指向 {path}，可是没有这个文件"),
            )
        })?;
        if path.ends_with(".html") {
            let html = String::from_utf8_lossy(&file.bytes);
            due.extend(links(&html).map(|link| (site::beside(&path, link), path.clone())));
        }
        files.insert(path, file.bytes);
    }
    Ok(files)
}

/// The files that a page leads to within the site.
fn links(html: &str) -> impl Iterator<Item = &str> {
    let targets = html.split(" href=\"").skip(1).chain(html.split(" src=\"").skip(1));
    let files = targets.filter_map(|rest| rest.split(['"', '#']).next());
    files.filter(|file| !file.is_empty() && !file.contains(':'))
}

/// Returns the list of the files that an export before this one has written into the folder.
fn written_before(folder: &Path) -> Result<String, Localized> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        entries => entries.map_err(system)?,
    };
    match fs::read_to_string(folder.join(LIST)) {
        Ok(list) => Ok(list),
        Err(_) if entries.take(1).count() == 0 => Ok(String::new()),
        Err(_) => Err(Localized::new(
            "the folder is not empty, and no export of ours. Name another one",
            "这个文件夹不是空的，也不是以前导出的。换一个文件夹",
        )),
    }
}

fn system(error: io::Error) -> Localized {
    Localized::from(&error)
}

fn write(folder: &Path, before: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Localized> {
    // The list of all files first: an export that is interrupted here can be repeated.
    let is_ours = |name: &&str| name.split('/').all(|part| part != "..") && !name.starts_with('/');
    let before: Vec<&str> = before.lines().filter(is_ours).collect();
    let stale = before.iter().filter(|name| !files.contains_key(**name)).copied();
    let now: Vec<&str> = files.keys().map(String::as_str).collect();
    let all: Vec<&str> = now.iter().copied().chain(stale.clone()).collect();
    let foreign = now.iter().find(|name| !before.contains(name) && folder.join(name).exists());
    if let Some(foreign) = foreign {
        return Err(Localized::new(
            format!("{foreign} is there, and no export of ours has written it. Move it away"),
            format!("已经有 {foreign} 了，而且不是以前导出的。请先把它挪开"),
        ));
    }
    fs::create_dir_all(folder).map_err(system)?;
    let list = folder.join(LIST);
    let write_list = |names: &[&str]| fs::write(&list, names.join("\n") + "\n").map_err(system);
    write_list(&all)?;
    for (name, bytes) in files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(system)?;
        }
        fs::write(&path, bytes).map_err(system)?;
    }
    for name in stale {
        let _ = fs::remove_file(folder.join(name)); // somebody may have done it already
    }
    write_list(&now)
}
