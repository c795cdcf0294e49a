// What passes between the panel and the page that embeds it: only with an allowed site, only its own frame.
export class Host {
  constructor(sites, heard) {
    const wanted = new URLSearchParams(location.search).get("site");
    this.site = parent !== window && sites.includes(wanted) ? wanted : null;
    this.heard = heard;
    addEventListener("message", (event) => this.listen(event));
  }

  listen(event) {
    if (event.origin !== this.site || event.source !== parent || event.data?.desk !== 1) return;
    if (Object.hasOwn(this.heard, event.data.type)) this.heard[event.data.type](event.data);
  }

  tell(message) {
    if (this.site) parent.postMessage({ desk: 1, ...message }, this.site);
  }
}
