//! The paper's page: claims, verdicts and every figure.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::maths::stats::Interval;
use crate::pages::{Section, page, part};
use crate::papers::memory_dt::claims::{ClaimSummary, Claims};
use crate::papers::memory_dt::dossier::reproduce::Group;
use crate::papers::memory_dt::errata::ErrataRecord;
use crate::papers::memory_dt::published::PostNumbers;

/// Everything that the page says.
pub struct Report<'a> {
    /// The subcommand that makes it.
    pub command: &'a str,
    /// Name of the study.
    pub study: &'a str,
    /// The rules.
    pub claims: &'a Claims,
    /// blake3 of their file.
    pub claims_hash: &'a str,
    /// The agents, kind by kind.
    pub groups: &'a [Group<'a>],
    /// Verdicts, kind by kind.
    pub summaries: &'a BTreeMap<String, Vec<ClaimSummary>>,
    /// The post's numbers.
    pub post: &'a PostNumbers,
    /// The corrected figure, where an agent is one that it is about.
    pub errata: Option<&'a ErrataRecord>,
    /// Parts with figures.
    pub sections: &'a [Section],
}

/// The page.
pub fn render(report: &Report) -> String {
    let body = html! {
                header {
                    h1 { "Features and adversaries in decision transformers" }
                    p.lead {
                        "In 2023 a post looked inside a small transformer that imitates \
                         trajectories. The world shows it a key or a ball, the instruction; at the \
                         end of a corridor it must turn to the object that matches, or, if asked \
                         for a return of 0, to the other one. The post found a direction that \
                         means “the instruction is a key”, decoy objects that push along it and \
                         flip the turn, and that moving the direction itself does the same. This \
                         page repeats each measurement on the agents below and says, by rules \
                         written down beforehand, which of the post’s claims hold."
                    }
                    (contents(report))
                }
                main {
                    (agents(report))
                    (claims(report))
                    @if let Some(record) = report.errata { (errata(record)) }
                    @for (n, section) in report.sections.iter().enumerate() {
                        (part(n, section))
                    }
                    (method(report))
                }
    };
    page(
        &format!(
            "Features and adversaries in decision transformers: {}",
            report.study
        ),
        &body,
    )
}

fn contents(report: &Report) -> Markup {
    html! {
        nav aria-label="Contents" {
            a href="#agents" { "Agents" } " · "
            a href="#claims" { "Claims" }
            @if report.errata.is_some() { " · " a href="#errata" { "The published figures" } }
            @for (n, section) in report.sections.iter().enumerate() {
                " · " a href={ "#part-" (n) } { (section.heading) }
            }
            " · " a href="#method" { "How this was made" }
        }
    }
}

fn agents(report: &Report) -> Markup {
    html! {
        section #agents {
            h2 { "The agents" }
            div.scroll { table {
                thead { tr {
                    th { "agent" } th { "how many" } th { "parameters" } th { "steps" }
                    th { "does as asked" } th { "right sign" }
                } }
                tbody { @for group in report.groups {
                    tr {
                        th scope="row" { (group.name) }
                        td { (group.agents.len()) }
                        td { (group.agents[0].record.parameters) }
                        td { @if group.agents[0].record.step == 0 { "–" } @else { (group.agents[0].record.step) } }
                        td { (greedy(group)) }
                        td {
                            (group.agents.iter().map(|a| a.record.right_sign).sum::<usize>())
                            " of "
                            (group.agents.iter().map(|a| a.record.effects.facets.len()).sum::<usize>())
                            " prompts"
                        }
                    }
                } }
            } }
            p.note {
                "“Does as asked”: greedy episodes over all four layouts that succeed when asked \
                 for 0.892 and reach the other target when asked for 0. “Right sign”: prompts at \
                 whose end the logit difference left − right points to the target asked for."
            }
        }
    }
}

fn greedy(group: &Group) -> String {
    let share = |finding: &crate::papers::memory_dt::claims::Finding| finding.value;
    let values: Vec<f64> = group
        .agents
        .iter()
        .filter_map(|a| a.record.findings.iter().find(|f| f.id == 1).and_then(share))
        .collect();
    let all = values.iter().filter(|v| **v == 1.0).count();
    format!("{all} of {} in every episode", group.agents.len())
}

fn number(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |v| format!("{v:.2}").replace('-', "−"))
}

fn interval(interval: Option<Interval>) -> String {
    interval.map_or(String::new(), |i| {
        format!("{} to {}", number(Some(i.low)), number(Some(i.high)))
    })
}

fn claims(report: &Report) -> Markup {
    html! {
        section #claims {
            h2 { "The claims" }
            p {
                "An agent passes a claim by the rule beneath it. Over several agents a claim "
                b { "HOLDS" } " if, with 95 % confidence, more than half of all agents pass (Clopper \
                and Pearson’s interval), " b { "FAILS" } " if fewer do, and is " b { "UNDECIDED" }
                " otherwise; it " b { "DIFFERS" } " if it holds at a value other than the post’s. \
                One agent gets " b { "PASS" } " or " b { "NO" } ". Values are the agents’ medians, \
                with the interval of the median in brackets."
            }
            div.scroll { table.claims {
                thead { tr {
                    th { "#" } th { "claim" } th.number { "post" }
                    @for group in report.groups { th { (group.name) } }
                } }
                tbody { @for claim in &report.claims.claims {
                    tr {
                        td.number { (claim.id) }
                        td {
                            (claim.claim)
                            div.rule { (claim.statistic) "; passes if " (claim.passes_if) }
                        }
                        td.number { (number(report.post.claims.get(&claim.id).copied())) }
                        @for group in report.groups {
                            (verdict(report, group, claim.id))
                        }
                    }
                } }
            } }
        }
    }
}

fn verdict(report: &Report, group: &Group, id: u32) -> Markup {
    let summary = report
        .summaries
        .get(group.name)
        .and_then(|s| s.iter().find(|c| c.id == id));
    let details = group.agents[0]
        .record
        .findings
        .iter()
        .find(|f| f.id == id)
        .map(|f| f.details.clone());
    html! {
        td {
            @if let Some(summary) = summary {
                @if let Some(verdict) = &summary.verdict {
                    @let word = verdict.to_string();
                    span class={ "verdict " (word.to_lowercase()) } { (word) }
                } @else { span.verdict.none { "not judged" } }
                " " b { (number(summary.median)) }
                @if summary.judged > 1 {
                    " " span.rule {
                        @if summary.interval.is_some() { "[" (interval(summary.interval)) "], " }
                        (summary.passes) " of " (summary.judged) " pass"
                    }
                }
            }
            @if group.agents.len() == 1 { @if let Some(details) = details {
                div.rule { (details) }
            } }
        }
    }
}

fn errata(record: &ErrataRecord) -> Markup {
    let value = |restored: &crate::papers::memory_dt::errata::Restored| {
        let facet = "Ball, Ball-Key, 0.000";
        number(restored.get(facet).and_then(|e| e["Complement (0,5)"]))
    };
    html! {
        section #errata {
            h2 { "The published figures, explained" }
            p {
                "The post’s Figure 20 shows the decoys’ effects on the gated agent. Its 24 bars come \
                 out to two decimals once two slips are repeated on purpose. First, the weights \
                 were folded before the analysis (layer norms into the maps that read them), but the \
                 gate’s own map was forgotten and the folded bias landed outside of the gate, so \
                 that another network was analysed than was trained. Second, five frames were \
                 paired with the actions of a six-step walk, whose turn stands in the window before \
                 the decision and gives the target’s side away. With both, the first decoy in the \
                 prompt Ball, Ball-Key at return-to-go 0 restores " (value(&record.as_published))
                "; without them it is " (value(&record.correct)) ". The same misaligned actions \
                are in Figure 17: its aligned values follow from the points of Figure 18. Figures 6 \
                and 7 show cosines in a rescaled space, as each dimension of the embedding was \
                brought to one length over all items before the angles were taken."
            }
        }
    }
}

fn method(report: &Report) -> Markup {
    html! {
        section #method {
            h2 { "How this was made" }
            p {
                "By " code { "dt-analysis " (report.command) " RUN… --out DIR" } " of version "
                (env!("CARGO_PKG_VERSION")) ", study " code { (report.study) } ". The rules are in "
                code { "studies/claims.ron" } ", blake3 " code.hash { (report.claims_hash) }
                ". Every number of this page is in " code { "results.json" } " and, as one long \
                table, in " code { "results.csv" } " and " code { "results.arrow" } "; every figure \
                has its own CSV. The post’s numbers are exact where its plots’ data survive and read \
                off its pictures elsewhere (good to about 0.05)."
            }
        }
    }
}
