//! What is asked before something that cannot be undone.

use airhatch_wire::Fingerprint;

use crate::dialogs::Question;
use crate::text::count;

/// A question in words.
pub(crate) struct Words {
    /// Its title.
    pub(crate) title: &'static str,
    /// What is asked.
    pub(crate) what: String,
    /// What follows from yes; may be empty.
    pub(crate) why: String,
    /// What yes does.
    pub(crate) yes: &'static str,
    /// What no does.
    pub(crate) no: &'static str,
    /// To compare.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Whether it is grave.
    pub(crate) grave: bool,
}

/// A question in words.
pub(crate) fn question(question: &Question) -> Words {
    match question {
        Question::Quit { moving, staging, demo } => quit(*moving, *staging, *demo),
        Question::LogOut { moving } => Words {
            title: "Log out?",
            what: format!("{} under way.", are(*moving)),
            why: "Logging out stops the agent and what it is doing.".to_owned(),
            ..words("log out", "stay")
        },
        Question::Cancel { what, .. } => Words {
            title: "Call it off?",
            what: format!("Call off {what}?"),
            why: "The other side is told. Nothing of it is kept.".to_owned(),
            ..words("call it off", "go on")
        },
        Question::Forget { what, .. } => Words {
            title: "Forget it?",
            what: format!("Take {what} off the list?"),
            why: "Only the entry goes; files stay where they are.".to_owned(),
            ..words("forget it", "keep it")
        },
        Question::RemoveContact { email, live } => Words {
            title: "Remove contact?",
            what: format!("Remove {email}?"),
            why: removing(*live),
            grave: true,
            ..words("remove", "keep")
        },
        Question::Verify { email, fingerprint } => Words {
            title: "Same fingerprint?",
            what: format!("Did you compare this fingerprint with {email}?"),
            why:
                "Over the phone or in person, not over a channel that somebody could write to in their name."
                    .to_owned(),
            fingerprint: Some(*fingerprint),
            ..words("it is the same", "not yet")
        },
        Question::Unverify { email, fingerprint } => Words {
            title: "Not verified any more?",
            what: format!("Take back that you verified {email}?"),
            fingerprint: Some(*fingerprint),
            ..words("take it back", "leave it")
        },
        Question::TrustKey { email, fingerprint } => Words {
            title: "Take the new key?",
            what: format!("From now on this is the key of {email}?"),
            why: "If you did not ask them, somebody else may read what you send.".to_owned(),
            fingerprint: Some(*fingerprint),
            grave: true,
            ..words("take it", "leave it")
        },
    }
}

const fn words(yes: &'static str, no: &'static str) -> Words {
    Words { title: "", what: String::new(), why: String::new(), yes, no, fingerprint: None, grave: false }
}

fn quit(moving: usize, staging: bool, demo: bool) -> Words {
    let what = if moving == 0 {
        "Files are being made ready for sending.".to_owned()
    } else {
        format!("{} under way.", are(moving))
    };
    let why = match (demo, staging) {
        (true, _) => "This is a demonstration: everything ends and is removed with it.",
        (false, true) => {
            "Leaving stops making files ready; what the agent already has goes on without this screen."
        }
        (false, false) => "The agent goes on without this screen.",
    };
    Words { title: "Leave?", what, why: why.to_owned(), ..words("leave", "stay") }
}

fn are(moving: usize) -> String {
    let verb = if moving == 1 { "is" } else { "are" };
    format!("{} {verb}", count(moving, "transfer", "transfers"))
}

fn removing(live: usize) -> String {
    let still = "They cannot offer you anything any more until you add them again.";
    if live == 0 {
        still.to_owned()
    } else {
        format!("{still} {} with them ends.", count(live, "transfer", "transfers"))
    }
}
