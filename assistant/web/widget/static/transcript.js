// The conversation as a text file, made here: nothing is asked of the desk for it.
function line(message, texts, wording) {
  const at = new Date(message.at);
  const who = (message.from !== "you" && message.name) || texts.say(`from.${message.from}`);
  const requests = (message.requests ?? []).map((request) => requestLine(request, texts));
  return [`[${texts.day(at)} ${texts.time(at)}] ${who}`, wording(message), ...requests, ""].join("\n");
}

function requestLine({ ref, right, status, due_on: dueOn }, texts) {
  const named = (key) => (texts.has(key) ? texts.say(key) : "");
  const values = { ref, right: named(`right.${right}`), status: named(`status.${status}`) };
  return dueOn ? texts.say("transcript.request", { ...values, date: texts.date(dueOn) }) : texts.say("transcript.undated", values);
}

export function download(messages, texts, controller, wording) {
  const today = new Date();
  const head = [texts.say("transcript.title", { controller }), texts.say("transcript.saved", { date: texts.day(today) }), ""];
  const body = messages.map((message) => line(message, texts, wording));
  const file = new Blob([[...head, ...body].join("\n")], { type: "text/plain;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = texts.say("transcript.file", { date: today.toISOString().slice(0, 10) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
