// The task module of these tests.

export * from "./tasks/circles.ts";
export * from "./tasks/endless.ts";
export * from "./tasks/ends.ts";
export * from "./tasks/errors.ts";
export * from "./tasks/event_loop.ts";
export * from "./tasks/meetings.ts";
export * from "./tasks/moving.ts";
export * from "./tasks/spawning.ts";
export * from "./tasks/values.ts";
export * from "./tasks/workers.ts";
