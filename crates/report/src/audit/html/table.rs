//! The checklist.

use maud::{Markup, html};

use super::section::prose;
use crate::audit::checklist::{LEAD, Row};

pub(super) fn checklist(rows: &[Row]) -> Markup {
    html! {
        section aria-labelledby="checklist-title" {
            h2 id="checklist-title" { "Checklist" }
            p { (prose(LEAD)) }
            div.scroll tabindex="0" role="region" aria-labelledby="checklist-title" {
                table.checklist {
                    thead {
                        tr {
                            @for title in ["Question", "Examined", "Sound", "Leaking", "Open", "Why sound"] {
                                th scope="col" { (title) }
                            }
                        }
                    }
                    tbody { @for row in rows { (checklist_row(row)) } }
                }
            }
        }
    }
}

fn checklist_row(row: &Row) -> Markup {
    html! {
        tr class=[(row.leaking > 0).then_some("leaking")] {
            th scope="row" { (prose(row.question.text())) }
            td { (row.examined) }
            td { (row.sound) }
            td.leaks { (row.leaking) }
            td { (row.open()) }
            td.why {
                @for (index, (reason, count)) in row.reasons.iter().enumerate() {
                    @if index > 0 { "; " }
                    (count) " " (prose(reason))
                }
            }
        }
    }
}
