//! What each action is called: in the bottom bar, and on the help page.

use crate::keymap::Action;

/// A word for the bottom bar.
pub(crate) const fn short(action: Action) -> &'static str {
    both(action).0
}

/// A sentence for the help page.
pub(crate) const fn long(action: Action) -> &'static str {
    both(action).1
}

const fn both(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Quit => ("quit", "leave Airhatch; asks when something is under way"),
        Action::Back => ("quit", "leave Airhatch"),
        Action::Close => ("close", "close this, or go one step back"),
        Action::Help => ("help", "what the keys do here"),
        Action::Redraw => ("redraw", "draw the screen anew"),
        Action::Suspend => ("suspend", "back to the shell; fg returns"),
        Action::ShowTransfers => ("transfers", "what moves and what waits"),
        Action::ShowContacts => ("contacts", "whom you know"),
        Action::ShowHistory => ("history", "what is over"),
        Action::ShowLog => ("log", "what happened, line by line"),
        Action::ShowSettings => ("settings", "your account"),
        Action::NextScreen => ("next", "the next screen"),
        Action::PreviousScreen => ("previous", "the screen before"),
        Action::Down => ("down", "one row or line down"),
        Action::Up => ("up", "one row or line up"),
        Action::PageDown => ("page down", "ten rows or lines down"),
        Action::PageUp => ("page up", "ten rows or lines up"),
        Action::Filter => ("filter", "type words that the rows of the list must have"),
        Action::ShowAll => ("show all", "show the whole list again"),
        Action::Palette => ("commands", "find what can be done here by its name"),
        Action::First => ("first", "the first row"),
        Action::Last => ("newest", "the last row"),
        Action::Open => ("open", "open the chosen row"),
        Action::Choose => ("choose", "take the marked one"),
        Action::Send => ("send", "offer files to a contact"),
        Action::AddContact => ("add contact", "add a contact by email"),
        Action::OldestYes => ("oldest offer", "show the oldest offer, then accept it"),
        Action::OldestNo => ("oldest offer", "show the oldest offer, then deny it"),
        Action::Accept => ("accept", "accept the offer: the files come"),
        Action::Deny => ("deny", "deny the offer"),
        Action::Details => ("details", "more about this, or less again"),
        Action::Tick => ("tick", "take this or leave it, a folder with all that is in it"),
        Action::Unfold => ("open folder", "show what is in the folder"),
        Action::Fold => ("close folder", "hide what is in the folder, or go to the folder"),
        Action::ChooseFolder => ("folder", "choose a folder in your inbox for the files"),
        Action::PauseOrResume => ("pause/go on", "let the transfer rest, or let it go on"),
        Action::Retry => ("retry", "try a waiting transfer now; offer a failed one again"),
        Action::CancelTransfer => ("cancel", "call the transfer off"),
        Action::Forget => ("forget", "take it off the list; files stay"),
        Action::Verify => ("verify", "note that you compared fingerprints, or take that back"),
        Action::TrustKey => ("take new key", "take the new key in place of the one you know"),
        Action::RemoveContact => ("remove", "remove the contact"),
        Action::Ping => ("check", "ask the contact's agent whether it is there"),
        Action::LoadImage => ("load image", "load the agents' image from a file that an engine saved"),
        Action::BuildImage => ("build image", "build the agents' image from Airhatch's sources"),
        Action::LookAgain => ("look again", "look for the container engine again"),
        Action::ChoosePolicy => ("policy", "choose what happens to offers while you are away"),
        Action::ContactRule => ("rule", "choose what happens to this contact's offers, always"),
        Action::ChooseLimits => {
            ("limits", "choose what the account allows at most: speed, transfers, offers")
        }
        Action::ChangePassphrase => ("passphrase", "change the passphrase"),
        Action::LogOut => ("log out", "log out: wipe the keys from memory and stop the agent"),
        Action::Accounts => ("accounts", "go to the accounts of this machine"),
        Action::NewAccount => ("new account", "make an account"),
        Action::RemoveAccount => ("remove account", "remove the account for good"),
        Action::Reconnect => ("reconnect", "start the agent again"),
        Action::Yes => ("yes", "yes"),
        Action::No => ("no", "no, leave everything as it is"),
        Action::Submit => ("go on", "the next field; after the last one, go on"),
        Action::NextField => ("next field", "the next field"),
        Action::PreviousField => ("field before", "the field before"),
        Action::SubmitNow => ("send", "offer the files"),
    }
}
