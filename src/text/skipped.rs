//! Why something in a folder was not sent along.

use airhatch_wire::warden::Why;

/// For a person, as the rest of a sentence.
pub(crate) const fn sentence(why: Why) -> &'static str {
    match why {
        Why::Link => "a symbolic link",
        Why::Device => "a device",
        Why::Socket => "a socket",
        Why::Pipe => "a pipe",
        Why::MadeUp => "made up by the kernel",
        Why::Unreadable => "you may not read it",
        Why::Vanished => "it went away meanwhile",
    }
}

/// For a script.
pub(crate) const fn word(why: Why) -> &'static str {
    match why {
        Why::Link => "link",
        Why::Device => "device",
        Why::Socket => "socket",
        Why::Pipe => "pipe",
        Why::MadeUp => "made_up",
        Why::Unreadable => "unreadable",
        Why::Vanished => "vanished",
    }
}
