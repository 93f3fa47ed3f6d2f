use leakwright_analysis::{*,project::*}; use leakwright_syntax::*; use std::sync::Arc;
fn main(){ let mut args=std::env::args().skip(1); let root=args.next().unwrap(); let want=args.next().unwrap(); let mut p=Parser::new(); let mut mods=vec![];
 for f in args { let Ok(d)=decode(&std::fs::read(&f).unwrap()) else{continue}; let t=p.parse(d.text.as_str().into(),Budget::BATCH).unwrap(); let name=f.strip_prefix(&root).unwrap().trim_start_matches('/').trim_end_matches(".py").replace('/',"."); let is_package=name.ends_with("__init__"); let name=name.trim_end_matches(".__init__").to_string(); mods.push(Module{name,is_package,is_test:false,facts:Arc::new(FileFacts::map(&t,None))}); }
 let pr=Project::link(mods, leakwright_catalogue::Catalogue::builtin());
 for (m,md) in pr.modules() { for c in pr.items(m) { if pr.facts(c).own_name()==want { println!("{} {}", md.name, pr.file(m).dotted_name(c.item)); for r in pr.references(c) { let rm=pr.module(r.code.module); let rg=pr.file(r.code.module).value_range(r.code.item, r.at); println!("  {:?} {} {} @{}", r.kind, rm.name, pr.file(r.code.module).dotted_name(r.code.item), rg.start);} } } }
}
