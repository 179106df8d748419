//! Findings on agents, as tables: what `reproduce`, `study` and `judge` print and write.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use dt_analysis::draw::csv;
use dt_analysis::papers::memory_dt::claims::{ClaimSummary, Claims, Finding, summarise};
use dt_analysis::papers::memory_dt::published::PostNumbers;

/// One agent and what was found on it.
#[derive(Clone, Copy)]
pub struct Judged<'a> {
    /// Name by which results are keyed.
    pub name: &'a str,
    /// Name of its kind.
    pub kind: &'a str,
    /// Findings in the claims' order.
    pub findings: &'a [Finding],
}

/// Agents by kind, in the order in which kinds first appear.
fn by_kind<'a>(agents: &[Judged<'a>]) -> Vec<(&'a str, Vec<Judged<'a>>)> {
    let mut kinds: Vec<(&str, Vec<Judged>)> = Vec::new();
    for &agent in agents {
        match kinds.iter_mut().find(|(kind, _)| *kind == agent.kind) {
            Some((_, members)) => members.push(agent),
            None => kinds.push((agent.kind, vec![agent])),
        }
    }
    kinds
}

/// Verdicts on each kind of agents: `claims.json`.
pub fn summaries(
    claims: &Claims,
    agents: &[Judged],
) -> Result<BTreeMap<String, Vec<ClaimSummary>>> {
    let post = PostNumbers::read();
    let kinds = by_kind(agents).into_iter().map(|(kind, members)| {
        let findings: Vec<&[Finding]> = members.iter().map(|m| m.findings).collect();
        let summary = summarise(claims, &findings, &post.claims)?;
        Ok((kind.to_owned(), summary))
    });
    kinds.collect()
}

/// Every finding on every agent, one a row: `claims.csv`.
pub fn csv(agents: &[Judged]) -> String {
    let mut table = String::new();
    csv::push_row(&mut table, ["agent", "claim", "value", "passes", "details"]);
    for agent in agents {
        for finding in agent.findings {
            let value = finding.value.map_or(String::new(), |v| format!("{v:.4}"));
            let passes = finding.passes.map_or(String::new(), |p| p.to_string());
            let (id, details) = (finding.id.to_string(), &finding.details);
            csv::push_row(&mut table, [agent.name, &id, &value, &passes, details]);
        }
    }
    table
}

/// Prints a table for each kind: the verdict over its agents, and its numbers where it is one.
pub fn print(
    out: &mut impl Write,
    claims: &Claims,
    agents: &[Judged],
    summaries: &BTreeMap<String, Vec<ClaimSummary>>,
) -> Result<()> {
    for (kind, members) in by_kind(agents) {
        let count = members.len();
        let plural = if count == 1 { "" } else { "s" };
        writeln!(out, "{kind} ({count} agent{plural})")?;
        for (claim, summary) in claims.claims.iter().zip(&summaries[kind]) {
            let verdict = summary
                .verdict
                .as_ref()
                .map_or("–".to_owned(), ToString::to_string);
            let value = summary.median.map_or("–".to_owned(), |v| format!("{v:.2}"));
            let details = match members.as_slice() {
                [one] => one
                    .findings
                    .iter()
                    .find(|f| f.id == claim.id)
                    .map_or("", |f| &f.details),
                _ => "",
            };
            writeln!(
                out,
                "  {:>2} {:<52} {:>6} {:>3}/{:<3} {verdict:<10} {details}",
                claim.id, claim.claim, value, summary.passes, summary.judged
            )?;
        }
    }
    Ok(())
}

/// Prints which claims each agent passes, a line an agent.
pub fn print_each(out: &mut impl Write, agents: &[Judged]) -> Result<()> {
    let width = agents.iter().map(|a| a.name.chars().count()).max();
    for agent in agents {
        let those = |passes: Option<bool>| {
            let found = agent.findings.iter().filter(|f| f.passes == passes);
            let ids: Vec<String> = found.map(|f| f.id.to_string()).collect();
            match ids.is_empty() {
                true => "none".to_owned(),
                false => ids.join(" "),
            }
        };
        let [yes, no, open] = [Some(true), Some(false), None].map(those);
        let (name, width) = (agent.name, width.unwrap_or(0));
        writeln!(
            out,
            "{name:<width$}  passes {yes}; not {no}; not judged {open}"
        )?;
    }
    Ok(())
}
