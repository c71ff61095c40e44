//! What the environment says about the screen: asked once, at the start.

use std::path::PathBuf;

use airhatch_wire::Email;
use airhatch_wire::control::Jail;

use super::Ready;
use crate::model::Setting;
use crate::theme::Theme;
use crate::zone::zone;

/// Where the system says which job and session this process belongs to.
const OWN_STATE: &str = "/proc/self/stat";

/// The setting of this process.
pub(super) fn of_this_process(ready: Ready, jail: Jail, account: Option<Email>, demo: bool) -> Setting {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let colour = variable("NO_COLOR").is_none() && variable("TERM").as_deref() != Some("dumb");
    Setting {
        theme: Theme::new(colour, speaks_unicode(&variable)),
        home: variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute()),
        folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        zone: zone().clone(),
        account,
        demo,
        shell: ready.shell,
        jail,
    }
}

/// Asked before the jail, which keeps that file closed.
pub(super) fn ready() -> Ready {
    let state = std::fs::read_to_string(OWN_STATE).unwrap_or_default();
    let (job, session) = job_and_session(&state).unwrap_or_default();
    Ready { shell: job != session, leads_job: job == std::process::id() }
}

/// The process group and the session in a `stat` file: its third and fourth field after the name, which may hold
/// anything and ends at the last parenthesis. Not asked by system call: a session that was begun outside this process's
/// container has no number there, which shows as 0.
fn job_and_session(state: &str) -> Option<(u32, u32)> {
    let (_, fields) = state.rsplit_once(") ")?;
    let mut numbers = fields.split(' ').skip(2).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Whether this process's terminal draws UTF-8.
pub(crate) fn draws_unicode() -> bool {
    speaks_unicode(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// Whether the terminal draws UTF-8, as far as the locale says; the Linux console has too few signs.
fn speaks_unicode(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
    let utf8 = locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    utf8 && variable("TERM").as_deref() != Some("linux")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn job_and_session_are_read_whatever_the_program_is_called() {
        let state = |name: &str, job: &str| format!("12 ({name}) S 11 {job} 7 34816 14 4194304 99");
        for name in ["airhatch", "a) S 1 2 3", "a b", ""] {
            assert_eq!(job_and_session(&state(name, "12")), Some((12, 7)), "{name:?}");
        }
        assert_eq!(job_and_session("12 (airhatch) S 0 12 0 34816 12"), Some((12, 0)), "begun outside");
        for wrong in ["", "12 (airhatch) S", &state("airhatch", "x")] {
            assert_eq!(job_and_session(wrong), None, "{wrong:?}");
        }
        let own = std::fs::read_to_string(OWN_STATE).unwrap();
        assert!(job_and_session(&own).is_some(), "{own}");
    }

    #[test]
    fn signs_are_ascii_only_where_the_terminal_says_so() {
        let speaks = |set: &'static [(&str, &str)]| {
            speaks_unicode(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned()))
        };
        assert!(speaks(&[]) && speaks(&[("LANG", "de_DE.UTF-8")]) && speaks(&[("LC_ALL", "C.utf8")]));
        assert!(!speaks(&[("LANG", "C")]) && !speaks(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!speaks(&[("LANG", "C.UTF-8"), ("TERM", "linux")]));
    }
}
