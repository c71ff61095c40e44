//! Words of the dialogs that are filled in.

/// Words of the login.
pub(crate) mod log_in {
    pub(crate) const TITLE: &str = "Log in";
    pub(crate) const PASSPHRASE: &str = "Passphrase";
    pub(crate) const HINT: &str = "opens the keys of this account";
    pub(crate) const OPENING: &str = "Opening the vault";
}

/// Words of the dialog that adds a contact.
pub(crate) mod add_contact {
    pub(crate) const TITLE: &str = "Add a contact";
    pub(crate) const FIRST: &str = "Your account is ready: add your first contact";
    pub(crate) const WHY: &str =
        "The CA is asked for this email; its certificate is checked and its key remembered.";
    pub(crate) const FIRST_WHY: &str =
        "Whoever you want to send to needs an account at the same CA. Esc if you want to do this later.";
    pub(crate) const EMAIL: &str = "Email";
    pub(crate) const HINT: &str = "for example ann@example.org";
    pub(crate) const LOOKING: &str = "Asking the CA";
    pub(crate) const YOURSELF: &str = "this is your own email";
}

/// Words of the form for sending.
pub(crate) mod send {
    use airhatch_wire::warden::Why;

    use crate::msg::Stage;
    use crate::text::{bytes, count, percent};

    pub(crate) const TITLE: &str = "Offer files";
    pub(crate) const LEFT_OUT: &str = "Leave out";
    pub(crate) const LEFT_OUT_HINT: &str =
        "of folders: patterns like *.tmp, cache/; .gitignore for what such files name";
    pub(crate) const OFFER_REST: &str = "offer the rest";
    pub(crate) const CALL_OFF: &str = "back, offer nothing";
    pub(crate) const TO: &str = "To";
    pub(crate) const TO_HINT: &str = "type a part of an email; ↓ ↑ choose; a comma adds another";
    pub(crate) const PATHS: &str = "Files";
    pub(crate) const PATHS_HINT: &str =
        "files and folders, one path on each line; paste or drop them; Enter on an empty line goes on";
    pub(crate) const NOTE: &str = "Note";
    pub(crate) const NOTE_HINT: &str = "a line to go with it, or nothing; Enter offers the files";
    pub(crate) const THERE: &str = "online: sees the offer at once";
    pub(crate) const NOT_THERE: &str = "not online: the offer waits, and is tried again until it expires";
    pub(crate) const NO_MATCH: &str = "no contact like this";
    pub(crate) const NOBODY: &str = "nobody to send to";
    pub(crate) const NOBODY_WHY: &str = "choose one of your contacts; c on the contacts screen adds one";
    pub(crate) const BLOCKED: &str = "nothing can be sent to this contact now";
    pub(crate) const BLOCKED_WHY: &str = "open the contact on screen 2 and look at its key";
    pub(crate) const NO_FILES: &str = "no files to send";
    pub(crate) const NO_FILES_WHY: &str = "type a path, or drop files on this window";
    pub(crate) const LONG_NOTE: &str = "the note is too long";
    pub(crate) const LONG_NOTE_WHY: &str = "1024 bytes at most; put the rest into a file";
    pub(crate) const COPYING: &str = "Making the files ready";

    /// How much is copied.
    pub(crate) fn copied(copied: u64, total: u64) -> String {
        if total == 0 { "0 %".to_owned() } else { format!("{} of {}", percent(copied, total), bytes(total)) }
    }

    /// While the agent is told.
    pub(crate) fn offering(stage: &Stage) -> String {
        format!("Offering {}", content(stage))
    }

    /// What is offered besides what was skipped.
    pub(crate) fn rest(stage: &Stage) -> String {
        format!("{} can be sent.", content(stage))
    }

    fn content(stage: &Stage) -> String {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let files = count(number(stage.files), "file", "files");
        match number(stage.folders) {
            0 => format!("{files}, {}", bytes(stage.bytes)),
            folders => format!("{files} in {}, {}", count(folders, "folder", "folders"), bytes(stage.bytes)),
        }
    }

    /// How many things stay behind.
    pub(crate) fn skipped(number: u32) -> String {
        match number {
            1 => "One thing in the folders cannot be sent:".to_owned(),
            _ => format!("{number} things in the folders cannot be sent:"),
        }
    }

    /// Those that are not listed.
    pub(crate) fn more_skipped(number: usize) -> String {
        format!("and {number} more")
    }

    /// Why something stays behind.
    pub(crate) const fn why(why: Why) -> &'static str {
        match why {
            Why::Link => "link",
            Why::Device => "device",
            Why::Socket => "socket",
            Why::Pipe => "pipe",
            Why::MadeUp => "made by the kernel",
            Why::Unreadable => "not readable",
            Why::Vanished => "gone meanwhile",
        }
    }

    /// Several recipients.
    pub(crate) fn several(all: usize, online: usize) -> String {
        format!(
            "{}, {online} online; the others get it when they are there",
            count(all, "contact", "contacts")
        )
    }
}

/// Words of the dialog that changes the passphrase.
pub(crate) mod passphrase {
    pub(crate) const TITLE: &str = "Change the passphrase";
    pub(crate) const WHY: &str = "It protects your keys on this machine. Nobody can reset it.";
    pub(crate) const OLD: &str = "Present one";
    pub(crate) const OLD_HINT: &str = "the one you log in with now";
    pub(crate) const NEW: &str = "New one";
    pub(crate) const NEW_HINT: &str = "8 characters at least; a few words are best";
    pub(crate) const AGAIN: &str = "Once more";
    pub(crate) const AGAIN_HINT: &str = "so that no slip of a finger locks you out";
    pub(crate) const SHORT: &str = "the passphrase is too short";
    pub(crate) const SHORT_WHY: &str =
        "use 8 characters at least: somebody with a copy of your files could try all shorter ones";
    pub(crate) const DIFFER: &str = "the two passphrases differ";
    pub(crate) const DIFFER_WHY: &str = "type the same one twice";
    pub(crate) const WRITING: &str = "Writing the vault anew";
    pub(crate) const CHANGED: &str = "The passphrase is changed";
}

/// Words of the dialog that chooses the policy.
pub(crate) mod policy_dialog {
    pub(crate) const TITLE: &str = "Offers while you are away";
    pub(crate) const WHY: &str =
        "While no Airhatch screen is open for this account, the agent does this with offers:";
}

/// Words of the dialog that removes the account.
pub(crate) mod remove_account {
    pub(crate) const TITLE: &str = "Remove this account for good";
    pub(crate) const WHY: &str = "The CA revokes the certificate and keeps the email from others. Keys, contacts and the \
         history on this machine are removed. Received files stay. Nothing brings the account back.";
    pub(crate) const EMAIL: &str = "Email";
    pub(crate) const EMAIL_HINT: &str = "type it in full";
    pub(crate) const PASSPHRASE_HINT: &str = "once more, because this is for good";
    pub(crate) const OTHER_EMAIL: &str = "this is not the account's email";
    pub(crate) const WORKING: &str = "Proving to the CA that the account is yours";

    /// Which account.
    pub(crate) fn what(account: &airhatch_wire::Email) -> String {
        format!("{account} will cease to exist.")
    }

    /// What to type.
    pub(crate) fn type_email(account: &airhatch_wire::Email) -> String {
        format!("type {account} to remove it, or press Esc")
    }
}

/// Words of the first run.
pub(crate) mod wizard {
    use airhatch_wire::warden::{Engine, RuntimeKind};

    pub(crate) const WELCOME: &str = "Airhatch sends files to people you know.";
    pub(crate) const WELCOME_WHY: &str = "This screen has no keys and no network. A separate program, your agent, has \
         them: it speaks to the others, seals what you send and opens what you accept.";
    pub(crate) const NEEDED: &str =
        "You need the address and the fingerprint of a CA, from whoever runs it. It vouches for emails.";
    pub(crate) const BEGIN: &str = "make an account";
    pub(crate) const NOT_NOW: &str = "not now";
    pub(crate) const RUNTIME_WHY: &str = "Where shall your agent run?";
    pub(crate) const ENGINE: &str = "Engine";
    pub(crate) const IMAGE: &str = "Image";
    pub(crate) const AUTHORITY: &str = "CA";
    pub(crate) const LOOKING: &str = "looking for a container engine";
    pub(crate) const LOOKING_WHY: &str = "wait a moment, or choose the process";
    pub(crate) const GET_IMAGE: &str = "l loads it from a file, b builds it from the sources.";
    pub(crate) const LOOPBACK: &str =
        "Its address is this machine's own, which no container reaches: process only.";
    pub(crate) const NO_CONTAINER: &str = "the agent cannot run in a container yet";
    pub(crate) const NO_PATH: &str = "no path was typed";
    pub(crate) const NO_PATH_WHY: &str = "type one, or drop the file on this window";
    pub(crate) const CALL_OFF: &str = "call it off";
    pub(crate) const IMAGE_READY: &str = "The image is ready";
    pub(crate) const AUTHORITY_WHY: &str = "Which CA vouches for you and the people you send to?";
    pub(crate) const ADDRESS: &str = "Address";
    pub(crate) const ADDRESS_HINT: &str = "host:port, for example ca.example.org:7400";
    pub(crate) const FINGERPRINT: &str = "Fingerprint";
    pub(crate) const FINGERPRINT_HINT: &str = "64 digits from whoever runs the CA; spaces do not matter";
    pub(crate) const PERSON_WHY: &str =
        "Which email shall others know you by? It becomes your name at this CA.";
    pub(crate) const EMAIL: &str = "Email";
    pub(crate) const EMAIL_HINT: &str = "for example ann@example.org";
    pub(crate) const CODE: &str = "Invitation";
    pub(crate) const CODE_HINT: &str = "the one-time code, if you were given one";
    pub(crate) const PASSPHRASE_WHY: &str =
        "A passphrase protects your keys on this machine. Nobody can reset it, so keep it well.";
    pub(crate) const PASSPHRASE: &str = "Passphrase";
    pub(crate) const PASSPHRASE_HINT: &str = "8 characters at least; a few words are best";
    pub(crate) const WORK: [&str; 3] =
        ["Folders for the account", "Start the agent", "Make keys, ask the CA, write the vault"];
    pub(crate) const PATIENCE: &str = "This takes a few seconds.";
    pub(crate) const EXISTS: &str = "this account is already on this machine";
    pub(crate) const EXISTS_WHY: &str = "press Esc until the list of accounts and choose it there";
    pub(crate) const ODD_ANSWER: &str = "an answer came that belongs to another question";

    /// The step and how many there are, when it is one that asks something.
    pub(crate) fn title(step: Option<(usize, usize)>) -> String {
        match step {
            Some((step, steps)) => format!("Make an account: step {step} of {steps}"),
            None => "Welcome".to_owned(),
        }
    }

    /// Where an agent can run, and what that protects.
    pub(crate) const fn choice(kind: RuntimeKind, rootless: bool) -> (&'static str, &'static str) {
        match (kind, rootless) {
            (RuntimeKind::Container, false) => {
                ("In a container", "It sees nothing but your transfers; its files are closed off.")
            }
            (RuntimeKind::Container, true) => (
                "In a container",
                "It sees nothing but your transfers. With a rootless engine, your other programs may still open \
                 its files.",
            ),
            (RuntimeKind::Process, _) => {
                ("As a process", "The kernel fences it in. Your other programs can open its files.")
            }
        }
    }

    /// What to do when a container is wanted and cannot be had.
    pub(crate) const fn no_container_why(loopback: bool, lacks_image: bool) -> &'static str {
        match (loopback, lacks_image) {
            (true, _) => "choose the process, or go back and give the CA's address in the network",
            (false, true) => "get the image with l or b, or choose the process",
            (false, false) => "do what is said about the engine and press r, or choose the process",
        }
    }

    /// The engine that was found.
    pub(crate) fn engine(engine: &Engine) -> String {
        let rootless = if engine.rootless { ", rootless" } else { "" };
        format!("{}{rootless}, at {}", engine.product.shown(), engine.socket.shown())
    }

    /// The field for a path, and what belongs there.
    pub(crate) const fn material(archive: bool) -> (&'static str, &'static str) {
        if archive {
            ("File", concat!("docker save airhatch/agent:", env!("CARGO_PKG_VERSION"), " -o FILE writes it"))
        } else {
            ("Folder", "the top folder of Airhatch's sources")
        }
    }

    /// What the path is for.
    pub(crate) const fn material_why(archive: bool) -> &'static str {
        if archive {
            "Which file holds the image? It is checked before the engine takes it."
        } else {
            "Which folder holds the sources of this version? The engine builds the image from them."
        }
    }

    /// While an image is got.
    pub(crate) const fn getting(archive: bool) -> &'static str {
        if archive { "The engine loads the image" } else { "The engine builds the image" }
    }

    /// How long that takes.
    pub(crate) const fn getting_why(archive: bool) -> &'static str {
        if archive {
            "This takes a few seconds."
        } else {
            "The first time it fetches and compiles everything, which takes minutes."
        }
    }
}
