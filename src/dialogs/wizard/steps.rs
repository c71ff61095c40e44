//! The steps of making an account: their forms and what they tell.

use airhatch_wire::Code;
use airhatch_wire::warden::RuntimeKind;
use ratatui::text::{Line, Span};

use crate::text;
use crate::widgets::{Entry, Form, Sheet};

/// Field of the CA's address.
pub(super) const ADDRESS: usize = 0;
/// Field of the CA's fingerprint.
pub(super) const FINGERPRINT: usize = 1;
/// Field of the email.
pub(super) const EMAIL: usize = 0;
/// Field of the invitation code.
pub(super) const CODE: usize = 1;

/// Where the making of an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// What this is.
    Welcome,
    /// Which CA.
    Authority,
    /// Where the agent shall run.
    Seat,
    /// What its image is made of, and the making.
    Image,
    /// Which email.
    Person,
    /// Which passphrase.
    Passphrase,
    /// It is being made.
    Working,
}

impl Step {
    /// Its number for people and how many there are; `None` for the first page, which asks nothing. Where an agent runs
    /// that has folders already is settled.
    pub(super) fn number(self, settled: bool) -> Option<(usize, usize)> {
        let number = match self {
            Self::Welcome => return None,
            Self::Authority => 1,
            Self::Seat | Self::Image => 2,
            Self::Person => 3,
            Self::Passphrase => 4,
            Self::Working => 5,
        };
        let skipped = usize::from(settled);
        Some((if number > 2 { number - skipped } else { number }, 5 - skipped))
    }
}

/// The step that can put a failure right.
pub(super) const fn to_put_right(code: Code) -> Step {
    match code {
        Code::EngineUnavailable => Step::Seat,
        Code::WrongAuthority | Code::AuthorityUnreachable | Code::VerificationFailed | Code::TimedOut => {
            Step::Authority
        }
        Code::Conflict | Code::AuthorityRefused | Code::NotFound | Code::NotPermitted | Code::Expired => {
            Step::Person
        }
        _ => Step::Passphrase,
    }
}

/// Asks for the CA.
pub(super) fn authority_form() -> Form {
    Form::new(vec![
        Entry::open(text::wizard::ADDRESS, text::wizard::ADDRESS_HINT, ""),
        Entry::open(text::wizard::FINGERPRINT, text::wizard::FINGERPRINT_HINT, ""),
    ])
}

/// Asks for the email.
pub(super) fn person_form(email: &str) -> Form {
    Form::new(vec![
        Entry::open(text::wizard::EMAIL, text::wizard::EMAIL_HINT, email),
        Entry::open(text::wizard::CODE, text::wizard::CODE_HINT, ""),
    ])
}

/// Asks for the passphrase, twice.
pub(super) fn passphrase_form() -> Form {
    Form::new(vec![
        Entry::secret(text::wizard::PASSPHRASE, text::wizard::PASSPHRASE_HINT),
        Entry::secret(text::passphrase::AGAIN, text::passphrase::AGAIN_HINT),
    ])
}

/// What this is, and where the agent runs when that is settled.
pub(super) fn welcome(sheet: &mut Sheet, settled: Option<RuntimeKind>) {
    let theme = *sheet.theme();
    sheet.styled(text::wizard::WELCOME, theme.strong());
    sheet.blank();
    sheet.text(text::wizard::WELCOME_WHY);
    sheet.blank();
    if let Some(kind) = settled {
        sheet.pair(text::label::ISOLATION, text::runtime_sentence(kind), theme.accent());
        sheet.blank();
    }
    sheet.text(text::wizard::NEEDED);
    sheet.blank();
    sheet.choices(&[("Enter", text::wizard::BEGIN), ("Esc", text::wizard::NOT_NOW)]);
}

/// One form with its reason.
pub(super) fn ask(sheet: &mut Sheet, why: &str, form: &Form) {
    sheet.text(why);
    sheet.blank();
    form.draw(sheet, true);
}

/// What is done and what is under way.
pub(super) fn working(sheet: &mut Sheet, done: usize) {
    let theme = *sheet.theme();
    for (index, words) in text::wizard::WORK.iter().enumerate() {
        let (sign, style) = match index.cmp(&done) {
            std::cmp::Ordering::Less => (theme.glyphs().full, theme.good()),
            std::cmp::Ordering::Equal => (theme.glyphs().hollow, theme.chosen()),
            std::cmp::Ordering::Greater => (" ", theme.quiet()),
        };
        sheet.line(Line::from(vec![Span::styled(format!("{sign} "), style), Span::styled(*words, style)]));
    }
    sheet.blank();
    sheet.styled(text::wizard::PATIENCE, theme.quiet());
}
