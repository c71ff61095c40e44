//! What this machine and this user are, as far as it matters to the walls, and what no wall helps against. Reads a few
//! public files of the system; must run before the jail, which closes those.

use std::fs;

use rustix::process::{getegid, geteuid, getgroups};

use super::check::{Check, Verdict};

const KERNEL: &str = "/proc/sys/kernel/osrelease";
const GROUPS: &str = "/etc/group";

/// The group whose members may use Docker's engine.
const ENGINE_GROUP: &str = "docker";

/// How this machine is; nothing here is held or not.
pub(super) fn checks() -> Vec<Check> {
    let release = fs::read_to_string(KERNEL).unwrap_or_default();
    let release = if release.trim().is_empty() { "of an unknown version" } else { release.trim() };
    let user = geteuid();
    vec![
        Check::new(Verdict::Fact, format!("Linux {release} on {}", std::env::consts::ARCH)),
        Check::new(
            Verdict::Fact,
            format!("you are user {user}{}", if user.is_root() { ", root" } else { "" }),
        ),
    ]
}

/// What none of the checks can promise, a sentence each.
pub(super) fn caveats() -> Vec<String> {
    let mut mine: Vec<u32> =
        getgroups().unwrap_or_default().into_iter().map(|group| group.as_raw()).collect();
    mine.push(getegid().as_raw());
    let member = is_member(&fs::read_to_string(GROUPS).unwrap_or_default(), &mine);
    said(geteuid().is_root(), member)
}

fn said(root: bool, member: Option<bool>) -> Vec<String> {
    let root = if root { "; you are root now: better run Airhatch as a user of its own" } else { "" };
    let member = match member {
        Some(true) => "; you are a member, so every program of yours is root, but for those in a jail",
        Some(false) => "; you are no member",
        None => "; there is no such group here",
    };
    vec![
        format!("root on this machine reads everything, whatever the walls{root}"),
        format!(
            "who may use a container engine that has root's rights is root: the members of the group \
             {ENGINE_GROUP}{member}"
        ),
        "your other programs are not in a jail: what runs as you can do what you can, except read the state of an \
         agent in a container of an engine that has root's rights"
            .to_owned(),
        "on rootless Docker an agent's state belongs to you: your other programs can read its files, though the vault \
         in them opens only with your passphrase"
            .to_owned(),
        "a screen program that is taken over sees a passphrase while you type it".to_owned(),
    ]
}

/// Whether one of these groups may use the engine; `None` where there is no such group.
fn is_member(groups: &str, mine: &[u32]) -> Option<bool> {
    let number = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(ENGINE_GROUP) {
            return None;
        }
        fields.nth(1)?.parse::<u32>().ok()
    });
    number.map(|number| mine.contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_the_engines_group_are_found_by_number() {
        let groups = "root:x:0:\ndockerroot:x:7:ann\ndocker:x:998:bob\n";
        assert_eq!(is_member(groups, &[1000, 998]), Some(true));
        assert_eq!(is_member(groups, &[1000, 7]), Some(false));
        assert_eq!(is_member("root:x:0:\n", &[0]), None);
        assert_eq!(is_member("docker:x\ndocker:x:what:", &[0]), None);
    }

    #[test]
    fn root_and_members_are_told_so() {
        assert!(said(true, None).concat().contains("you are root now"));
        assert!(said(false, Some(true)).concat().contains("you are a member"));
        let neither = said(false, Some(false)).concat();
        assert!(neither.contains("you are no member") && !neither.contains("you are root"));
    }
}
