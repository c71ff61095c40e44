//! What the decision about an offer shows: the whole at a glance, or the files as a tree.

use airhatch_wire::control::{ContactView, TransferView, Trust};
use ratatui::layout::Rect;

use super::Offer;
use crate::dialogs::files::{Flag, Sum};
use crate::dialogs::problem;
use crate::model::{Model, Transfer};
use crate::text;
use crate::widgets::Sheet;

/// Names listed at most before somebody asks for all of them.
const SOME: usize = 8;

/// Lines besides names, note and folder.
const OTHER_LINES: usize = 10;

/// Lines of the note at most; all of it is above the list of all files.
const NOTE_LINES: usize = 2;

/// From so many lines on, the names have an empty line above.
const AIRY: usize = 18;

/// Lines of a panel's frame, and of what stands below the list of all files.
const BELOW_TREE: usize = 6;

impl Offer {
    /// The whole dialog.
    pub(super) fn draw(&self, model: &Model, area: Rect) -> Sheet {
        let mut sheet = Sheet::new(&model.setting.theme, text::offer::TITLE, area);
        let Some(transfer) = self.transfer(model) else {
            sheet.text(text::offer::GONE);
            return sheet;
        };
        if self.closer {
            self.draw_closer(&mut sheet, transfer, usize::from(area.height));
        } else {
            self.draw_glance(&mut sheet, model, &transfer.view, usize::from(area.height));
        }
        sheet.blank();
        self.draw_decision(&mut sheet, model, transfer);
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }

    /// Who, what and where to.
    fn draw_glance(&self, sheet: &mut Sheet, model: &Model, view: &TransferView, rows: usize) {
        let theme = *sheet.theme();
        let contact = model.session.as_ref().and_then(|session| session.contact(&view.contact));
        who(sheet, view, contact);
        let above = sheet.len();
        if !view.note.is_empty() {
            sheet.pair(text::label::NOTE, &text::quoted(&view.note.shown()), theme.plain());
            sheet.cut(above + NOTE_LINES);
        }
        let look_out = self.files.flag() >= Flag::Program;
        let others = sheet.len() - above + usize::from(look_out);
        if rows >= AIRY {
            sheet.blank();
        }
        // The frame takes two lines, a long folder two.
        let room = rows.saturating_sub(OTHER_LINES + others + 4);
        self.files.draw_some(sheet, room.clamp(1, SOME));
        sheet.right(&self.amount(view), theme.strong());
        if look_out {
            sheet.pair(text::label::LOOK_OUT, text::look_out(self.files.flag()), theme.warning());
        }
        self.wherefore(sheet, model, view);
    }

    /// All files, as a tree.
    fn draw_closer(&self, sheet: &mut Sheet, transfer: &Transfer, rows: usize) {
        let (theme, view) = (*sheet.theme(), &transfer.view);
        if !view.note.is_empty() {
            sheet.pair(text::label::NOTE, &text::quoted(&view.note.shown()), theme.plain());
            sheet.cut((rows / 3).max(NOTE_LINES));
            sheet.blank();
        }
        let free = view.free_space.map(text::free).unwrap_or_default();
        sheet.spread(&self.amount(view), &free, theme.strong());
        self.files.draw_loading(sheet);
        sheet.blank();
        self.files.draw_tree(sheet, rows.saturating_sub(BELOW_TREE), transfer.is_offer(), view);
    }

    /// How much there is, and how much of it is ticked.
    fn amount(&self, view: &TransferView) -> String {
        let Sum { files, ticked_files, bytes, ticked_bytes, .. } = self.files.sum();
        if self.files.is_part() {
            text::ticked((ticked_files, ticked_bytes), (files, bytes))
        } else if self.files.is_complete() {
            text::files_and_bytes(files, view.total)
        } else {
            text::files_in_words(view)
        }
    }

    fn draw_decision(&self, sheet: &mut Sheet, model: &Model, transfer: &Transfer) {
        let theme = *sheet.theme();
        if let Some(form) = &self.typing {
            return form.draw(sheet, true);
        }
        if !transfer.is_offer() {
            let settled = text::state_sentence(&transfer.view, model.now.wall, &model.setting.zone);
            return sheet.styled(&text::offer::settled(&settled), theme.warning());
        }
        let live = !self.guard.holds(model.now) && self.waiting.is_none();
        let part = self.files.is_part();
        let accept = if part { text::offer::ACCEPT_TICKED } else { text::offer::ACCEPT };
        let mut choices = vec![("a", accept), ("d", text::offer::DENY)];
        if self.closer {
            choices.extend([("Space", text::offer::TICK), ("Esc", text::offer::BACK)]);
        } else {
            choices.extend([("f", text::offer::FOLDER), ("Esc", text::offer::LATER)]);
        }
        sheet.choices_when(live, &choices);
    }

    /// Where it would go, and until when.
    fn wherefore(&self, sheet: &mut Sheet, model: &Model, view: &TransferView) {
        let theme = *sheet.theme();
        sheet.blank();
        if self.typing.is_none() {
            let folder = text::inbox_folder(model, self.folder.as_ref());
            sheet.pair(text::label::FOLDER, &folder, theme.plain());
        }
        if let Some(free) = view.free_space {
            let wanted = if self.files.is_part() { self.files.sum().ticked_bytes } else { view.total };
            let enough = free >= wanted;
            let style = if enough { theme.plain() } else { theme.danger() };
            sheet.pair(text::label::SPACE, &text::free_space(free, enough), style);
        }
        if let Some(verdict) = &view.verdict {
            sheet.pair(text::label::BY_ITSELF, &text::verdict(verdict), theme.plain());
        }
        let until = text::clock(view.expires, model.now.wall, &model.setting.zone);
        sheet.pair(text::label::EXPIRES, &until, theme.plain());
    }
}

/// Who offers, and how sure that is.
fn who(sheet: &mut Sheet, view: &TransferView, contact: Option<&ContactView>) {
    let theme = *sheet.theme();
    sheet.pair(text::label::FROM, view.contact.as_str(), theme.strong());
    let Some(contact) = contact else {
        sheet.pair(text::label::TRUST, text::CONTACT_GONE, theme.danger());
        return;
    };
    let style = match contact.trust {
        Trust::Verified => theme.good(),
        Trust::Certified => theme.plain(),
        Trust::Changed { .. } | Trust::Revoked => theme.danger(),
    };
    sheet.pair(text::label::TRUST, text::trust_sentence(&contact.trust), style);
    sheet.pair(text::label::FINGERPRINT, &contact.fingerprint.short(), theme.plain());
}
