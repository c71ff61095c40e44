//! Who may open and change what Airhatch keeps on this machine: owners and modes of the home, the accounts, their keys,
//! their control sockets and their received files. Reads nothing but those.
//!
//! Must run before a warden is started, which closes its folders again by itself, and before the jail.

mod place;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::check::{Check, Verdict};
use crate::cli::human;
use crate::home::Home;
use place::{Kind, Place, Rule};

/// Who agents in containers are when root owns them.
const CONTAINERS_USER: u32 = 65532;

/// What a folder of files is looked through for at most.
const MOST_FILES: usize = 1000;

/// Everything about one home. Nothing is changed.
pub(super) fn checks(home: &Home) -> Vec<Check> {
    let root = home.root();
    match fs::symlink_metadata(root) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let name = format!("{} is not there yet: nothing to look at", shown(root));
            return vec![Check::new(Verdict::Fact, name)];
        }
        _ => {}
    }
    let mut checks = way_to(root);
    checks.extend(group(
        format!("{}: nobody else can write there", shown(root)),
        &[Rule::shared_folder(root.to_owned()), Rule::private(root.join("warden.log"))],
    ));
    let accounts = home.accounts();
    checks
        .extend(group("the accounts: nobody else can list them".into(), &[Rule::private(accounts.clone())]));
    match names(&accounts) {
        Ok(names) => checks.extend(names.iter().flat_map(|name| account(home, name))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => checks.push(cannot_look(&accounts, &e)),
    }
    checks
}

/// One account.
fn account(home: &Home, name: &Path) -> Vec<Check> {
    let root = home.accounts().join(name);
    let (who, control) = (shown(name), root.join("control"));
    let state = root.join("agent/state");
    let mut keys = vec![
        Rule::private(root.clone()),
        Rule::private(root.join("account.toml")),
        Rule::private(root.join("agent.log")),
        Rule::private(root.join("agent")),
        Rule::private(state.clone()),
    ];
    match names(&state) {
        Ok(names) => keys.extend(names.iter().take(MOST_FILES).map(|name| Rule::private(state.join(name)))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return vec![cannot_look(&state, &e)],
    }
    let mut checks = group(format!("{who}: nobody else can open its keys, store and log"), &keys);
    checks.extend(group(
        format!("{who}: nobody else can see what it sends"),
        &[Rule::private(root.join("outbox")).or_owned_by(CONTAINERS_USER)],
    ));
    checks.extend(group(
        format!("{who}: nobody else can reach its control socket"),
        &[
            Rule::private(control.clone()).or_owned_by(CONTAINERS_USER),
            Rule::private(control.join("control.sock")).or_owned_by(CONTAINERS_USER),
        ],
    ));
    checks.extend(received(&who, &home.inbox_base().join(name)));
    checks
}

/// An inbox that can be read by others may be so on purpose; one that they can write in is not.
fn received(who: &str, inbox: &Path) -> Vec<Check> {
    let followed = inbox.canonicalize().unwrap_or_else(|_| inbox.to_owned());
    let name = format!("{who}: nobody else can read or change what it received");
    let writable = group(name.clone(), &[Rule::shared_folder(followed.clone()).or_owned_by(CONTAINERS_USER)]);
    if writable.iter().any(|check| check.verdict != Verdict::Held) {
        return writable;
    }
    let readable = group(name, &[Rule::private(followed).or_owned_by(CONTAINERS_USER)]);
    let on_purpose = |check: Check| match check.verdict {
        Verdict::Broken => Check {
            verdict: Verdict::Weaker,
            hint: "leave it so if you share received files on purpose; else type:".into(),
            ..check
        },
        _ => check,
    };
    readable.into_iter().map(on_purpose).collect()
}

/// Whether somebody else could put another folder in the place of the home.
fn way_to(root: &Path) -> Vec<Check> {
    let name = "the folders above: nobody else can put something in its place";
    let Ok(real) = root.canonicalize() else { return Vec::new() };
    let rules: Vec<Rule> = real.ancestors().skip(1).map(|above| Rule::way(above.to_owned())).collect();
    group(name.into(), &rules)
}

/// One check when all rules hold, else one for each that does not. None when nothing is there.
fn group(name: String, rules: &[Rule]) -> Vec<Check> {
    let (mut broken, mut seen) = (Vec::new(), 0);
    for rule in rules {
        match Place::look(&rule.path) {
            Ok(Some(place)) => {
                seen += 1;
                broken.extend(judged(rule, &place));
            }
            Ok(None) => {}
            Err(e) => broken.push(cannot_look(&rule.path, &e)),
        }
    }
    match (broken.is_empty(), seen) {
        (true, 0) => Vec::new(),
        (true, _) => vec![Check::new(Verdict::Held, name)],
        (false, _) => broken,
    }
}

/// What is wrong with a place.
fn judged(rule: &Rule, place: &Place) -> Option<Check> {
    let path = shown(&rule.path);
    let broken = |what: String| Some(Check::new(Verdict::Broken, format!("{path} {what}")));
    if place.kind == Kind::Link {
        return Some(broken("is a symbolic link".into())?.hint("put what it leads to in its place"));
    }
    if !rule.owners(geteuid().as_raw()).contains(&place.owner) {
        let check = broken(format!("belongs to another user, number {}", place.owner))?;
        return Some(check.hint("give it back to its owner, or name another folder with AIRHATCH_HOME"));
    }
    let open = rule.too_much(place);
    if open == 0 {
        return None;
    }
    let check = broken(format!("can be {} by others (mode {:04o})", place.done_with(open), place.mode))?;
    Some(check.hint("type:").command(rule.mended(place)))
}

fn cannot_look(path: &Path, error: &io::Error) -> Check {
    Check::new(Verdict::Broken, format!("{} cannot be looked at", shown(path)))
        .detail(error.to_string())
        .hint("give it back to its owner, or name another folder with AIRHATCH_HOME")
}

/// The names in a folder, sorted, without what is being made or removed.
fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let names = fs::read_dir(folder)?.map(|entry| entry.map(|entry| PathBuf::from(entry.file_name())));
    let mut names = names.collect::<io::Result<Vec<_>>>()?;
    names.retain(|name| !name.as_os_str().as_encoded_bytes().starts_with(b"."));
    names.sort();
    Ok(names)
}

fn shown(path: &Path) -> String {
    human::path(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests;
