package project_test

// messageCosts are the idle costs of conversations and messages. There is one conversation,
// with one message.
func messageCosts() []idle {
	once := func(operation, with string) idle {
		return idle{operation: "highlevel." + operation, with: with, rule: "1", want: map[string]int{operation: 1}}
	}
	return []idle{
		once("conversation.search", ""), once("message.export", ""), once("conversation.get", "conversationId: sandboxConversation1"),
		once("message.get", "messageId: sandboxMessage000001"), once("email.get", "emailMessageId: e"), once("message.recording.get", "messageId: sandboxMessage000001"),
		once("message.transcription.get", "messageId: sandboxMessage000001"), once("message.transcription.download", "messageId: sandboxMessage000001"),
		{
			operation: "highlevel.conversation.message.list", rule: "one for each conversation, and one for the conversations",
			want: map[string]int{"conversation.message.list": 1, "conversation.search": 1},
		},
	}
}
