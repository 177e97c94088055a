/// The rules of a page.
enum PageStyle {
  static let rules = """
    \(Theme.properties)
    *{box-sizing:border-box}
    body{margin:0 auto;padding:1rem;max-width:96rem;background:\(Theme.use("paper"));color:\(Theme.use("ink"));font:1rem/1.5 \(ChartStyle.fonts)}
    h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0;overflow-wrap:anywhere}
    h2{font-size:1.25rem;margin:2.25rem 0 .5rem;padding-top:.75rem;border-top:1px solid \(Theme.use("grid"))}
    h3{font-size:1.05rem;margin:1.25rem 0 .25rem}
    p,figcaption,summary{max-width:70ch}
    p{margin:.5rem 0;overflow-wrap:anywhere}
    a{color:inherit}
    nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.75rem 0;padding:0;list-style:none;font-size:.9rem}
    figure{margin:1rem 0;min-width:0;break-inside:avoid}
    figcaption{color:\(Theme.use("muted"));font-size:.9rem;margin-top:.35rem;overflow-wrap:anywhere}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,34rem),1fr));gap:0 2rem;align-items:start}
    svg{display:block;max-width:100%;height:auto}
    svg.narrow{display:none}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}
    dt{color:\(Theme.use("muted"))}
    dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate}
    .tiles{grid-template-columns:repeat(auto-fit,minmax(min(100%,11rem),1fr));gap:.75rem;margin:1rem 0}
    .tile{background:\(Theme.use("panel"));border-radius:.5rem;padding:.6rem .8rem}
    .tile dt{color:\(Theme.use("ink"));font-size:.85rem}
    .tile dd{font-size:1.25rem;font-weight:600}
    pre{background:\(Theme.use("panel"));padding:.6rem .8rem;border-radius:.5rem;white-space:pre-wrap;overflow-wrap:anywhere}
    code{font:.85rem/1.5 ui-monospace,Menlo,Consolas,monospace}
    .scroll{overflow-x:auto;margin:.75rem 0;width:fit-content;max-width:100%}
    details .scroll{max-height:36rem;overflow-y:auto}
    table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
    caption{text-align:left;color:\(Theme.use("muted"));padding:.25rem 0}
    th,td{padding:.2rem .7rem;text-align:left;border-bottom:1px solid \(Theme.use("grid"));unicode-bidi:isolate;font-weight:400;white-space:nowrap}
    .long{white-space:normal;overflow-wrap:anywhere;min-width:10rem}
    thead th{background:\(Theme.use("panel"));font-weight:600;position:sticky;top:0}
    .number{text-align:right}
    details{margin:.75rem 0}
    summary{cursor:pointer}
    \(ChartStyle.rules(fallback: false))
    @media (max-width:40rem){
    svg.wide{display:none}
    svg.narrow{display:block}
    dl{grid-template-columns:1fr}
    dd{margin-bottom:.35rem}
    .tiles{grid-template-columns:repeat(2,1fr)}
    th,td{padding:.2rem .35rem}
    .tile dd{font-size:1.1rem;margin:0}
    }
    @media print{
    body{max-width:none;padding:0;font-size:10pt}
    nav{display:none}
    h2,h3{break-after:avoid}
    tr{break-inside:avoid}
    .scroll,details .scroll{max-height:none;overflow:visible}
    svg.wide{display:block}
    svg.narrow{display:none}
    }
    """
}
