// What a client written in TypeScript learns from the document: it compiles, or the types lie.
import type { operations as Accounts, components as AccountParts } from "./accounts";
import type { operations as Links, components as LinkParts } from "./shortener";

type Headers<Operation, Status extends number> = Operation extends {
    responses: { [status in Status]: { headers: infer Found } };
} ? Found : never;

type Problem<Operation, Status extends number> = Operation extends {
    responses: { [status in Status]: { content: { "application/problem+json": infer Found } } };
} ? Found : never;

// A redirect has a location, always, and no content.
export const seen: Headers<Accounts["open_account"], 303>["Location"] = "/accounts/1";
export const moved: Headers<Accounts["old_address"], 308>["Location"] = "/accounts/1";
export const short: Headers<Links["visit"], 302>["Location"] = "https://docs.example.com/";
// @ts-expect-error
export const none: Headers<Accounts["open_account"], 303> = { "Set-Cookie": "" };
export const empty: Accounts["open_account"]["responses"][303]["content"] = undefined;

// The redirect of a dependency is the operation's own.
export const login: Headers<Accounts["me"], 303>["Location"] = "/login";

// An error is told by its type, and has its fields.
export function told(problem: Problem<Accounts["open_account"], 409>): string {
    const type: "/docs#email-taken" = problem.type;
    const status: 409 = problem.status;
    return `${type} ${status} ${problem.email} ${problem.detail ?? ""}`;
}
export const taken: LinkParts["schemas"]["SlugTaken"] = {
    type: "/docs#slug-taken", title: "Another link has this slug.", status: 409, slug: "a",
};
// @ts-expect-error
export const wrong: Problem<Accounts["read_account"], 404>["status"] = 410;
// @ts-expect-error what is absent is never null
taken.detail = null;

// What may be left out by a client is always sent by the server.
export const read: LinkParts["schemas"]["LinkInput"] = { slug: "a", target: "https://a.example" };
// @ts-expect-error
export const sent: LinkParts["schemas"]["Link"] = { slug: "a", target: "https://a.example" };
export const account: AccountParts["schemas"]["Account"]["id"] = 1;
export const total: Headers<Accounts["list_accounts"], 200>["X-Total-Count"] = 3;
