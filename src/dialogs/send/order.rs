//! What the form for sending asks for: to whom, which files, what of them stays, and what is wrong with it.

use std::path::PathBuf;

use airhatch_wire::control::{ContactView, NOTE_LIMIT, Trust};
use airhatch_wire::warden::Choice;
use airhatch_wire::{Code, Email, Failure};

use super::{LISTED, NOTE, PATHS, Send, TO, paths};
use crate::model::Model;
use crate::text;

/// The word that stands for "what the `.gitignore` files name" among the patterns.
const GITIGNORE: &str = ".gitignore";

/// What is to be sent to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) to: Vec<Email>,
    pub(super) paths: Vec<PathBuf>,
    pub(super) choice: Choice,
}

impl Send {
    /// What is typed behind the last comma of the recipients, and what comes before it.
    fn typed_recipients(&self) -> (Vec<String>, String) {
        let typed = self.form.text(TO).to_lowercase();
        let mut parts: Vec<String> = typed.split(',').map(|part| part.trim().to_owned()).collect();
        let last = parts.pop().unwrap_or_default();
        (parts.into_iter().filter(|part| !part.is_empty()).collect(), last)
    }

    /// Contacts that the recipient that is being typed may mean, the first ones by email.
    pub(super) fn matching<'a>(&self, model: &'a Model) -> Vec<&'a ContactView> {
        let (before, typed) = self.typed_recipients();
        let contacts = model.session.as_ref().map(|session| session.contacts()).unwrap_or_default();
        let meant = |contact: &&ContactView| {
            let email = contact.email.as_str();
            email.contains(&typed) && !before.iter().any(|other| other == email)
        };
        contacts.iter().filter(meant).take(LISTED).collect()
    }

    /// The recipients: those typed in full, and the last one by a part of it. Empty when one of them is no contact.
    pub(super) fn recipients(&self, model: &Model) -> Vec<Email> {
        let Some(session) = &model.session else { return Vec::new() };
        let known = |part: &str| part.parse::<Email>().ok().filter(|email| session.contact(email).is_some());
        let (before, last) = self.typed_recipients();
        let chosen = || self.matching(model).get(self.row).map(|contact| contact.email.clone());
        let last_one = match known(&last) {
            Some(email) => Some(Some(email)),
            None if last.is_empty() && !before.is_empty() => Some(None),
            None => chosen().map(Some),
        };
        let mut recipients: Vec<Email> = Vec::new();
        for one in before.iter().map(|part| known(part).map(Some)).chain([last_one]) {
            let Some(one) = one else { return Vec::new() };
            recipients.extend(one.filter(|email| !recipients.contains(email)));
        }
        recipients
    }

    /// What is to be sent to whom, or which field is wrong.
    pub(super) fn order(&self, model: &Model) -> Result<Order, (usize, Failure)> {
        let wrong =
            |field, message: &str, hint: &str| (field, Failure::new(Code::Invalid, message).hint(hint));
        let to = self.recipients(model);
        if to.is_empty() {
            return Err(wrong(TO, text::send::NOBODY, text::send::NOBODY_WHY));
        }
        let blocked = |email: &Email| {
            let contact = model.session.as_ref().and_then(|session| session.contact(email));
            contact.is_some_and(|contact| matches!(contact.trust, Trust::Changed { .. } | Trust::Revoked))
        };
        if to.iter().any(blocked) {
            return Err(wrong(TO, text::send::BLOCKED, text::send::BLOCKED_WHY));
        }
        let paths = paths::parse(&self.form.text(PATHS), &model.setting);
        if paths.is_empty() {
            return Err(wrong(PATHS, text::send::NO_FILES, text::send::NO_FILES_WHY));
        }
        if self.form.text(NOTE).len() > NOTE_LIMIT {
            return Err(wrong(NOTE, text::send::LONG_NOTE, text::send::LONG_NOTE_WHY));
        }
        Ok(Order { to, paths, choice: choice(&self.form.text(super::LEFT_OUT)) })
    }
}

/// Patterns between commas.
fn choice(typed: &str) -> Choice {
    let patterns = typed.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
    let (gitignore, excludes): (Vec<&str>, Vec<&str>) = patterns.partition(|pattern| *pattern == GITIGNORE);
    Choice { excludes: excludes.into_iter().map(str::to_owned).collect(), gitignore: !gitignore.is_empty() }
}
