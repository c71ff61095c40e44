//! Which transfer a person means by the first digits of its id.

use airhatch_wire::control::{Direction, TransferView};
use airhatch_wire::{Code, Failure, TransferId};

/// The fewest digits that name a transfer.
const FEWEST_DIGITS: usize = 4;

/// The beginning of a transfer's id, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdPrefix(String);

impl std::str::FromStr for IdPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim().to_ascii_lowercase();
        let right =
            (FEWEST_DIGITS..=32).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if right {
            return Ok(Self(digits));
        }
        Err(format!(
            "a transfer is named by the first digits of its id, {FEWEST_DIGITS} at least, like 3fa9c01b"
        ))
    }
}

impl IdPrefix {
    /// The one of these ids that is meant; `hint` says where to look when none is.
    ///
    /// # Errors
    /// As [`IdPrefix::find`].
    pub(crate) fn find_among(&self, ids: &[TransferId], hint: &str) -> Result<TransferId, Failure> {
        let mut meant = ids.iter().filter(|id| id.to_string().starts_with(&self.0));
        match (meant.next(), meant.next()) {
            (Some(only), None) => Ok(*only),
            (Some(_), Some(_)) => Err(self.several()),
            (None, _) => Err(self.none().hint(hint)),
        }
    }

    fn several(&self) -> Failure {
        Failure::new(Code::Invalid, format!("several transfers begin with {}", self.0))
            .hint("give more digits; airhatch --json transfer list shows them all")
    }

    fn none(&self) -> Failure {
        Failure::new(Code::NotFound, format!("no transfer begins with {}", self.0))
    }

    /// The one transfer that is meant, of those that go `direction` (or either way).
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, [`Code::Invalid`] when there are several.
    pub(crate) fn find(
        &self,
        transfers: Vec<TransferView>,
        direction: Option<Direction>,
    ) -> Result<TransferView, Failure> {
        let mut meant: Vec<TransferView> = transfers
            .into_iter()
            .filter(|view| direction.is_none_or(|wanted| view.direction == wanted))
            .filter(|view| view.id.to_string().starts_with(&self.0))
            .collect();
        match (meant.pop(), meant.len()) {
            (Some(only), 0) => Ok(only),
            (Some(_), _) => Err(self.several()),
            (None, _) => Err(self.none().hint(match direction {
                Some(Direction::Incoming) => "see what waits for you: airhatch inbox list",
                _ => "see all: airhatch transfer list",
            })),
        }
    }
}
